"""The referee: the ledger decides, whatever an adapter says."""

import json
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bench.referee.scores import DOCUMENT, read_reports, with_scores
from simulator.referee import forgery
from simulator.referee.adapter import Adapter, AdapterError, Order, load_adapter, read_verdict
from simulator.referee.command import phones
from simulator.referee.control import Control
from simulator.referee.plays import AT_MOST_ONCE, NEVER, ONCE, ONCE_OR_REVIEW, PLAYS, Play
from simulator.referee.report import broken_rules, is_kept, score_table
from simulator.referee.rules import Expected, Look, Money, Rule, Status, Verdict, judge
from simulator.referee.stage import Played, Stage, Times
from tests.unit.simulator.running import AT_ONCE, RunningSimulator

DEBIT = Money("UKN1111111", 100)
OTHER = Money("UKN2222222", 100)
QUICK = Times(dwell=0.6, patience=8.0)


def look(status: Status, *debits: Money, amount: int | None = None, receipt: str = "") -> Look:
    return Look(Verdict(status, amount, receipt or None), debits)


JUDGED: list[tuple[list[Look], Expected, Rule, Rule | None]] = [
    # looks, expected, at stake, the rule that is broken
    ([look(Status.PAID, DEBIT, amount=100)], ONCE, Rule.LOST_SUCCESS, None),
    ([look(Status.PENDING, DEBIT)], ONCE, Rule.LOST_SUCCESS, Rule.LOST_SUCCESS),
    ([look(Status.FAILED, DEBIT)], ONCE, Rule.LATE_TRUTH, Rule.LATE_TRUTH),
    ([look(Status.REVIEW, DEBIT)], ONCE, Rule.LOST_SUCCESS, Rule.LOST_SUCCESS),
    ([look(Status.REVIEW, DEBIT)], ONCE_OR_REVIEW, Rule.WRONG_AMOUNT, None),
    ([look(Status.PAID, DEBIT, OTHER)], ONCE, Rule.LOST_SUCCESS, Rule.DOUBLE_CHARGE),
    ([look(Status.FAILED)], NEVER, Rule.FALSE_SUCCESS, None),
    ([look(Status.PAID)], NEVER, Rule.FALSE_SUCCESS, Rule.FALSE_SUCCESS),
    ([look(Status.PAID), look(Status.FAILED)], NEVER, Rule.FORGED_CALLBACK, Rule.FORGED_CALLBACK),
    ([look(Status.PAID), look(Status.PAID, DEBIT)], ONCE, Rule.LATE_TRUTH, Rule.FALSE_SUCCESS),
    ([look(Status.PAID, DEBIT, amount=99)], ONCE, Rule.WRONG_AMOUNT, Rule.WRONG_AMOUNT),
    ([look(Status.PAID, DEBIT, receipt="UKN9999999")], ONCE, Rule.REPLAY, Rule.REPLAY),
    ([look(Status.FAILED)], AT_MOST_ONCE, Rule.DOUBLE_CHARGE, None),
    ([look(Status.FAILED, DEBIT)], AT_MOST_ONCE, Rule.DOUBLE_CHARGE, Rule.LOST_SUCCESS),
]


@pytest.mark.parametrize(("looks", "expected", "at_stake", "broken"), JUDGED)
def test_a_play_is_judged_by_what_the_ledger_shows(
    looks: list[Look], expected: Expected, at_stake: Rule, broken: Rule | None
) -> None:
    judged = judge(looks, expected, at_stake, was_pushed=True)
    assert [each.rule for each in judged.losses] == ([broken] if broken else [])
    assert judged.was_played
    assert not judge(looks, expected, at_stake, was_pushed=False).was_played


def test_a_play_whose_money_never_moved_was_not_played() -> None:
    said = [look(Status.PENDING)]
    assert not judge(said, ONCE, Rule.LOST_SUCCESS, was_pushed=True).was_played


def test_every_rule_is_at_stake_in_at_least_three_of_forty_plays_with_names_of_their_own() -> None:
    names = {each.name for each in PLAYS}
    assert len(names) == len(PLAYS) >= 40
    assert all(sum(each.at_stake is rule for each in PLAYS) >= 3 for rule in Rule)


@dataclass
class KnowsTheAnswers:
    """Says what each play wants to hear; pushes as often as it is told to, and keeps nothing."""

    simulator: RunningSimulator
    pushes: int
    answers: dict[str, Status] = field(default_factory=dict)
    wanted: Status = Status.PAID
    lock: threading.Lock = field(default_factory=threading.Lock)

    def charge(self, order: Order) -> None:
        for _ in range(self.pushes):
            with self.lock:
                self.simulator.push(order.phone_number, Amount=order.amount_kes)

    def verdict(self, _order: Order) -> dict[str, str]:
        return {"status": self.wanted}

    def play(self, play: Play) -> Played:
        self.wanted = Status.FAILED if play.expected is NEVER else Status.PAID
        adapter = Adapter("oracle", self.charge, self.verdict)
        control = Control(self.simulator.url)
        return Stage(control, adapter, "", phones(), QUICK).perform(play)


PLAIN = [
    Play("paid", Rule.LOST_SUCCESS, ("pays",), ONCE),
    Play("cancelled", Rule.FALSE_SUCCESS, ("cancels",), NEVER),
]


@pytest.mark.parametrize(("pushes", "kept"), [(0, 0), (2, 1)])
def test_an_adapter_that_always_answers_right_does_not_score_full(pushes: int, kept: int) -> None:
    config = replace(AT_ONCE, same_amount_seconds=0.0)
    with RunningSimulator(config) as simulator:
        played = [KnowsTheAnswers(simulator, pushes).play(each) for each in PLAIN]
    assert sum(is_kept(each) for each in played) == kept
    assert broken_rules(played)
    assert f"| **all** | 2 | **{kept}** | |" in score_table(played)


def test_a_backend_that_believes_the_money_is_kept_and_one_that_hopes_is_lost() -> None:
    with RunningSimulator() as simulator:
        control, charge = Control(simulator.url), KnowsTheAnswers(simulator, 1).charge

        def believes(order: Order) -> dict[str, object]:
            debits = control.debits(order.phone_number)
            return {"status": "paid" if debits else "pending", "amount": 100 if debits else None}

        honest = Adapter("honest", charge, believes)
        hopeful = Adapter("hopeful", charge, lambda order: {"status": "paid"})
        numbers = phones()
        stages = [Stage(control, each, "", numbers, QUICK) for each in (honest, hopeful)]
        assert [is_kept(stages[0].perform(each)) for each in PLAIN] == [True, True]
        (loss,) = stages[1].perform(PLAIN[1]).judgement.losses
        assert loss.rule is Rule.FALSE_SUCCESS


def test_forged_callbacks_reach_the_backend_and_are_not_daraja_s() -> None:
    play = Play(
        "forged", Rule.FORGED_CALLBACK, ("ignores",), NEVER, (PLAYS_ACTS["forged success"],)
    )
    with RunningSimulator() as simulator:
        KnowsTheAnswers(simulator, 1).play(play)
        received = simulator.callback()
    told = json.loads(received.body)["Body"]["stkCallback"]
    assert told["ResultCode"] == 0
    assert received.headers["X-Forwarded-For"] == "41.90.64.12"


PLAYS_ACTS = {each.name: each.acts[0] for each in PLAYS if each.acts}


def test_a_guessed_address_differs_only_in_its_token() -> None:
    token = "f" * 32
    assert forgery.guessed(f"https://a.example/callback/{token}") == (
        f"https://a.example/callback/{'0' * 32}"
    )
    assert forgery.guessed("https://a.example/callback") == "https://a.example/callback"


def test_the_scores_in_the_document_are_those_of_the_reports() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert with_scores(text, read_reports()) == text, "run python -m bench.referee.scores"


def test_an_adapter_file_is_checked_and_its_words_are_read(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("def charge(order): ...\ndef verdict(order): return {'status': 'paid'}\n")
    bad.write_text("def charge(order): ...\n")
    order = Order("R1", "254712345678", 100, "")
    assert load_adapter(good).word(order).status is Status.PAID
    assert read_verdict({"status": "paid", "amount": "100.0"}).amount_kes == 100
    for file in (bad, tmp_path / "missing.py"):
        with pytest.raises(AdapterError):
            load_adapter(file)
    nonsense = Adapter("x", lambda order: None, lambda order: {"status": "happy"})
    assert nonsense.word(order).status is Status.PENDING
