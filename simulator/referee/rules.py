"""The money rules, and the judgement of one play: the ledger against the backend's verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Rule(StrEnum):
    """One way to lose money or trust."""

    DOUBLE_CHARGE = "double charge"
    LOST_SUCCESS = "lost success"
    FALSE_SUCCESS = "false success"
    WRONG_AMOUNT = "wrong amount"
    REPLAY = "replay"
    FORGED_CALLBACK = "forged callback"
    LATE_TRUTH = "late truth"


MEANINGS = {
    Rule.DOUBLE_CHARGE: "Who wants to pay once is debited once, however often he clicks.",
    Rule.LOST_SUCCESS: "Who was debited is shown as paid in the end.",
    Rule.FALSE_SUCCESS: "Nobody is shown as paid who was not debited.",
    Rule.WRONG_AMOUNT: "Another amount than was debited is never shown as paid.",
    Rule.REPLAY: "A receipt, or a result that was used before, never pays a second time.",
    Rule.FORGED_CALLBACK: "A callback that does not come from Daraja decides nothing.",
    Rule.LATE_TRUTH: "A success that comes late still wins.",
}


class Status(StrEnum):
    """What a backend can say about a payment."""

    PAID = "paid"
    FAILED = "failed"
    PENDING = "pending"
    REVIEW = "review"  # a person must look


@dataclass(frozen=True, slots=True)
class Verdict:
    """The backend's word at one moment. Units: KES."""

    status: Status
    amount_kes: int | None = None
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """One debit of the play's phone in the ledger. Units: KES."""

    receipt: str
    amount_kes: int


@dataclass(frozen=True, slots=True)
class Look:
    """The backend's word and the ledger, read at the same time: the verdict first."""

    verdict: Verdict
    debits: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a play must come to.

    Shape: `debits` is how many debits the ledger may show in the end; `accepted` are the final
    words that are right where money moved, `accepted_unpaid` where none moved.
    """

    debits: tuple[int, ...]
    accepted: frozenset[Status] = frozenset({Status.PAID})
    accepted_unpaid: frozenset[Status] = frozenset({Status.FAILED, Status.PENDING, Status.REVIEW})


@dataclass(frozen=True, slots=True)
class Loss:
    """A rule that was broken, with a sentence that says how."""

    rule: Rule
    sentence: str


@dataclass(slots=True)
class Judgement:
    """What became of one play. `was_played` is False where the ledger lacks the play's money."""

    losses: list[Loss] = field(default_factory=list)
    was_played: bool = True
    why_not: str = ""


def judge(
    looks: Sequence[Look], expected: Expected, at_stake: Rule, *, was_pushed: bool
) -> Judgement:
    """Compares every look with the ledger, and the last one with what the play must come to.

    A false or lost success counts against the rule that the play puts at stake. `was_pushed` is
    whether Daraja was asked at all; else nothing is proven, whatever the backend says.
    """
    if not looks or not was_pushed:
        return Judgement(was_played=False, why_not="the backend pushed nothing for this order")
    last = looks[-1]
    judgement = Judgement()
    if len(last.debits) < min(expected.debits):
        judgement.was_played = False
        judgement.why_not = "the ledger shows no debit: no push of the backend was accepted"
        return judgement
    if len(last.debits) > max(expected.debits):
        sentence = f"the ledger shows {len(last.debits)} debits for one order"
        judgement.losses.append(Loss(Rule.DOUBLE_CHARGE, sentence))
    judgement.losses += _false_successes(looks, at_stake)
    if not judgement.losses:
        judgement.losses += _final(last, expected, at_stake)
    judgement.losses += _facts(last)
    return judgement


def _false_successes(looks: Sequence[Look], at_stake: Rule) -> list[Loss]:
    if not any(look.verdict.status is Status.PAID and not look.debits for look in looks):
        return []
    rules = (Rule.FORGED_CALLBACK, Rule.REPLAY, Rule.WRONG_AMOUNT)
    rule = at_stake if at_stake in rules else Rule.FALSE_SUCCESS
    return [Loss(rule, "shown as paid while the ledger shows no debit")]


def _final(last: Look, expected: Expected, at_stake: Rule) -> list[Loss]:
    status = last.verdict.status
    if not last.debits:
        if status in expected.accepted_unpaid:
            return []
        return [Loss(at_stake, f"the last word is {status}, and nothing was debited")]
    if status in expected.accepted:
        return []
    rules = (Rule.LATE_TRUTH, Rule.FORGED_CALLBACK)
    rule = at_stake if at_stake in rules else Rule.LOST_SUCCESS
    amount = last.debits[-1].amount_kes
    return [Loss(rule, f"KES {amount} were debited, and the last word is {status}")]


def _facts(last: Look) -> list[Loss]:
    """What a paid verdict says about the amount and the receipt."""
    verdict = last.verdict
    if verdict.status is not Status.PAID or not last.debits:
        return []
    losses = []
    debited = {each.amount_kes for each in last.debits}
    if verdict.amount_kes is not None and verdict.amount_kes not in debited:
        sentence = f"KES {max(debited)} were debited, KES {verdict.amount_kes} are shown as paid"
        losses.append(Loss(Rule.WRONG_AMOUNT, sentence))
    if verdict.receipt and verdict.receipt not in {each.receipt for each in last.debits}:
        sentence = f"receipt {verdict.receipt} is not this payment's"
        losses.append(Loss(Rule.REPLAY, sentence))
    return losses
