"""Equal seeds, clocks and calls give equal histories, byte for byte."""

from bench.mixed_day import play_day
from simulator.core import Config
from tests.unit.simulator.virtual_merchant import VirtualMerchant

BAD_DAY: list[tuple[object, float]] = [
    ("pays+callback_lost", 0.05),
    ("pays+callback_three_times", 0.05),
    ("pays+push_hang", 0.05),
    ("pays+callback_reversed", 0.05),
    ("pays+callback_shuffled+callback_late", 0.05),
    ("cancels", 0.1),
    ("ignores", 0.1),
]


def bad_day(seed: int, payments: int = 300) -> VirtualMerchant:
    """A day of pushes to forty phones, some refused because the phone is busy."""
    merchant = VirtualMerchant(Config(query_per_minute=None), seed=seed)
    merchant.daraja.set_scenario("pays", BAD_DAY)
    for number in range(payments):
        merchant.push(f"2547123456{number % 40:02d}", Amount=100 + number)
        merchant.wait(1.5)
    merchant.run()
    return merchant


def test_a_day_of_everything_replays_and_balances() -> None:
    """The full size is `python -m bench.simulator`."""
    day = play_day(300, seed=3)
    assert day == play_day(300, seed=3)
    assert day.digest != play_day(300, seed=4).digest
    assert day.is_balanced
    assert min(day.payments, day.reversals, day.payouts, *day.operations.values()) > 5


def test_a_bad_day_leaves_every_shilling_accounted_for() -> None:
    merchant = bad_day(5)
    ledger = merchant.daraja.ledger
    assert len(ledger.debits) > 100
    assert ledger.is_balanced
    assert ledger.issued_kes == 40 * 50_000


def test_a_late_look_sees_the_same_history_as_a_patient_one() -> None:
    patient, late = VirtualMerchant(), VirtualMerchant()
    for merchant in (patient, late):
        merchant.pushed("254708374149")
        merchant.pushed("254700000003")
    patient.run()
    patient.wait(3_600)
    late.now += patient.now - late.now
    late.run()
    times = [
        [(e.at, e.kind) for e in m.daraja.journal.entries() if e.kind in ("money", "result")]
        for m in (patient, late)
    ]
    assert times[0] == times[1]


def test_the_journal_can_be_read_on_from_anywhere_and_filtered() -> None:
    merchant = bad_day(3, payments=20)
    journal = merchant.daraja.journal
    everything = journal.entries()
    assert [each.sequence for each in everything] == list(range(1, len(journal) + 1))
    for after in (0, 1, 10, len(journal) - 2, len(journal), len(journal) + 5):
        assert journal.entries(after=after) == everything[after:]
    money = journal.entries(kind="money")
    assert len(money) == len(merchant.daraja.ledger.debits)
    one = journal.entries(checkout_request_id=money[0].facts["checkout_request_id"])
    assert {each.kind for each in one} >= {"request", "prompt", "money", "result"}
    assert len(journal.entries(limit=3)) == 3


def test_the_journal_forgets_its_oldest_entries_beyond_the_limit() -> None:
    merchant = VirtualMerchant(Config(journal_max=5))
    for _ in range(4):
        merchant.push()
        merchant.run()
    journal = merchant.daraja.journal
    assert len(journal) == 5
    assert journal.entries(after=journal.last_sequence - 2) == journal.entries()[-2:]
