"""Statistics, export and the statement: what accounting gets, and that it changes nothing."""

import csv
import io
from datetime import datetime
from pathlib import Path

from payments.values import EAT, eat_day

from tests.functional.operator_desk import ACCOUNT, Desk
from tests.support.world import PHONE, World

HEADING = (
    "Receipt No.,Completion Time,Transaction Status,Paid In,Withdrawn,Linked Transaction ID,A/C No."
)


def pay(world: World, booking_id: str, *, enters: bool = True, scenario: str = "normal") -> str:
    world.register(booking_id)
    world.daraja.set_next(scenario)
    payment_id: str = world.initiate(booking_id).body["payment_id"]
    world.pass_time(3)
    if enters:
        world.enter_pin()
    world.pass_time(400)
    return payment_id


def statement_row(receipt: str, at: int, amount: str, account: str) -> str:
    time = datetime.fromtimestamp(at, EAT).strftime("%d-%m-%Y %H:%M:%S")
    return f'{receipt},{time},Completed,"{amount}",,,{account}'


def test_statistics_count_every_payment_of_the_days(world: World, desk: Desk) -> None:
    pay(world, "1")
    pay(world, "2", scenario="cancels", enters=False)
    other_kes = world.payment(pay(world, "3", scenario="callback_wrong_amount")).paid_amount_kes
    assert other_kes not in (None, 1000)
    received_kes = 1000 + (other_kes or 0)
    day = eat_day(int(world.clock()))
    shown = desk.json("stats")
    assert len(shown["days"]) == 7
    assert shown["totals"]["received"] == {"count": 2, "amount_kes": received_kes}
    assert shown["totals"]["completed"] == {"count": 1, "amount_kes": 1000}
    assert shown["totals"]["failed"]["count"] == 1
    assert f"{day},completed,1,1000" in desk("stats", "--csv").out
    table = desk("stats", "--from", day, "--to", day).out
    assert day in table
    assert f"{received_kes:,}" in table


def test_the_export_has_what_accounting_matches_and_no_phone(
    world: World, desk: Desk, tmp_path: Path
) -> None:
    paid = world.payment(pay(world, "1"))
    pay(world, "2", scenario="cancels", enters=False)
    day = eat_day(int(world.clock()))
    file = tmp_path / "money.csv"
    answer = desk("export", "--from", day, "--to", day, "--csv", str(file))
    assert (answer.code, answer.out) == (0, "")
    [row] = list(csv.DictReader(file.open()))
    assert row["receipt_number"] == paid.receipt_number
    assert row["amount_kes"] == "1000"
    assert row["account_reference"] == paid.account_reference
    assert datetime.fromisoformat(row["completed_at"]).replace(tzinfo=EAT).timestamp() == (
        paid.transaction_at
    )
    assert PHONE[3:] not in file.read_text()
    file.unlink()
    [listed] = desk.json("export", "--from", day, "--to", day, "--csv", str(file))
    assert listed["receipt_number"] == paid.receipt_number
    assert file.exists()


def test_the_export_goes_by_the_day_the_money_came(world: World, desk: Desk) -> None:
    before_midnight = 86_400 - (int(world.clock()) + 10_800) % 86_400 - 20
    world.pass_time(before_midnight)
    world.register("1")
    world.daraja.set_next("waits")
    world.initiate("1")
    world.pass_time(10)
    evening = eat_day(int(world.clock()))
    world.pass_time(15)
    world.enter_pin()
    world.pass_time(20)
    morning = eat_day(int(world.clock()))
    assert evening != morning
    assert desk.json("export", "--from", evening, "--to", evening) == []
    assert len(desk.json("export", "--from", morning, "--to", morning)) == 1
    world.pass_time(86_400)
    yesterday = csv.DictReader(io.StringIO(desk("export").out))
    assert len(list(yesterday)) == 1


def test_a_statement_is_matched_and_nothing_changes(
    world: World, desk: Desk, tmp_path: Path
) -> None:
    both = world.payment(pay(world, "1"))
    gone = world.payment(pay(world, "2"))
    lost = world.payment(pay(world, "3", scenario="push_hang_lost", enters=False))
    rows = [
        HEADING,
        statement_row(both.receipt_number or "", both.transaction_at or 0, "1,000.00", "X"),
        statement_row("SKI7ELSE01", lost.created_at + 50, "1,000.00", "RENT7"),
        statement_row("SKI7LOST01", lost.created_at + 40, "1,000.00", str(lost.account_reference)),
    ]
    file, report = tmp_path / "statement.csv", tmp_path / "report.csv"
    file.write_text("\n".join(rows))
    before = world.items("")
    told = desk.json("reconcile-statement", str(file), "--csv", str(report))
    assert told["counts"] == {
        "both": 1,
        "amount_differs": 0,
        "returned": 0,
        "partly_returned": 0,
        "only_there": 2,
        "only_here": 1,
    }
    by_verdict = {(each["verdict"], each["receipt_number"]): each for each in told["matches"]}
    proposed = by_verdict["only_there", "SKI7LOST01"]
    assert proposed["payment_id"] == lost.payment_id
    assert by_verdict["only_there", "SKI7ELSE01"]["payment_id"] is None
    assert by_verdict["only_here", gone.receipt_number]["payment_id"] == gone.payment_id
    assert len(list(csv.DictReader(report.open()))) == 4
    assert world.items("") == before
    shown = desk("reconcile-statement", str(file)).out
    assert proposed["proposal"] in shown
    assert "only on the statement: 2, KES 2,000" in shown


def test_a_part_that_went_back_is_shown_and_does_not_end_a_refund(
    world: World, desk: Desk, tmp_path: Path
) -> None:
    owed = world.payment(pay(world, "1"))
    desk("consultation", "set", "1", "--status", "Cancelled", *ACCOUNT)
    paid = statement_row(owed.receipt_number or "", owed.transaction_at or 0, "1,000.00", "")
    file = tmp_path / "statement.csv"
    for kes, verdict in (("100", "partly_returned"), ("1000", "returned")):
        back = f"SKI7BACK01,{paid.split(',')[1]},Completed,,-{kes},{owed.receipt_number},"
        file.write_text("\n".join([HEADING, paid, back]))
        [match] = desk.json("reconcile-statement", str(file))["matches"]
        is_proposed = match["proposal"] == f"hakika refund mark {owed.payment_id}"
        assert (match["verdict"], is_proposed) == (verdict, verdict == "returned")
    assert "sent back: 1, KES 1,000" in desk("reconcile-statement", str(file)).out


def test_a_statement_that_is_one_endless_cell_is_a_sentence(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "statement.csv"
    file.write_text(f'{HEADING}\nSKI7LOST01,"' + "x" * 200_000)
    answer = desk("reconcile-statement", str(file))
    assert (answer.code, answer.out) == (2, "")
    assert "quotation mark" in answer.err


def test_the_proposal_can_be_typed_as_it_stands(world: World, desk: Desk, tmp_path: Path) -> None:
    import shlex

    lost = world.payment(pay(world, "3", scenario="push_hang_lost", enters=False))
    file = tmp_path / "statement.csv"
    line = statement_row(
        "SKI7LOST01", lost.created_at + 40, "1,000.00", str(lost.account_reference)
    )
    file.write_text(f"{HEADING}\n{line}\n")
    [match] = desk.json("reconcile-statement", str(file))["matches"]
    _, *words = shlex.split(match["proposal"])
    assert desk(*words, "--who", "njeri", "--why", "statement", "--yes").code == 0
    assert world.payment(lost.payment_id).receipt_number == "SKI7LOST01"
    [match] = desk.json("reconcile-statement", str(file))["matches"]
    assert match["verdict"] == "both"
