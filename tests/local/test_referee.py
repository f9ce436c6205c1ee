"""The referee against the deployed template: Hakika keeps every money rule.

Two plays of each rule, so that it stays quick; docs/referee.md has the score of all of them.
"""

from bench.referee.hakika_adapter import HakikaBackend
from local.state import StackState
from simulator.referee.command import referee
from simulator.referee.plays import PLAYS
from simulator.referee.report import losses_text
from simulator.referee.rules import Rule
from simulator.referee.stage import Times

NAMES = (
    *("double click", "click after push_hang", "paid", "callback lost", "ignored"),
    *("query says 0 before the PIN", "callback with wrong amount", "an old receipt"),
    *("an old success with new ids", "forged success", "forged failure, callback lost"),
    *("1037, then a success", "callback after 12 s"),
)


def test_every_money_rule_is_kept(stack: StackState) -> None:
    plays = [each for each in PLAYS if each.name in NAMES]
    assert {each.at_stake for each in plays} == set(Rule)
    assert stack.simulator_url is not None
    played = referee(
        HakikaBackend(stack).adapter(),
        plays,
        simulator_url=stack.simulator_url,
        push_url=stack.api_url,
        at_once=3,  # more, and cold starts are what is measured
        times=Times(dwell=12.0, patience=90.0),
    )
    assert len(played) == len(NAMES)
    assert losses_text(played) == ""
