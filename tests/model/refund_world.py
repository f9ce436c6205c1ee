"""One refund in a world of two members of staff, a gateway that loses answers, and M-Pesa.

M-Pesa executes a reversal at most once; its result may be lost, double, late or of an unlisted
code. A person may pay the money back by other means, or reverse it on M-Pesa's own page. At the end
every answer has come, and a day has passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from .decide import decide
from .decisions import decision_of
from .money_world import replaced
from .state import OVER, Around, Evidence, Payment, Write, commit

OWED = Payment("refund_due", "callback", "exact", "this", "own", locks=False)
STAFF = ("maker", "checker")


class State(NamedTuple):
    """Shape: `attempts` are queued, executed, refused, or lost before M-Pesa saw them; `back` is
    who returned the money at M-Pesa; `posts` are results under way; `approvals` what a checker has
    read and not yet written; `alive` is the attempt whose sender has written and not yet sent."""

    around: Around = Around(OWED)
    attempts: tuple[str, ...] = ()
    posts: tuple[Evidence, ...] = ()
    approvals: tuple[tuple[str, Write], ...] = ()
    alive: int = 0
    is_back: bool = False
    paid_otherwise: bool = False
    withdrawn: bool = False
    resumed: bool = False
    faults: int = 2


type Moves = Iterator[tuple[str, State]]


@dataclass(frozen=True)
class RefundWorld:
    """The states of one owed payment; at most `sends` attempts, `without` takes a rule out."""

    faults: int = 2
    sends: int = 2
    may: frozenset[str] = frozenset()
    without: str = ""
    decisions: set[str] = field(default_factory=set, compare=False, repr=False)

    def begin(self) -> State:
        """Money is owed back, and nobody has asked."""
        return State(faults=self.faults)

    def steps(self, state: State) -> Moves:
        """Everything that may happen next."""
        yield from self._staff(state)
        yield from self._sender(state)
        for number, attempt in enumerate(state.attempts, start=1):
            if attempt == "queued":
                yield from self._mpesa(state, number)
        for post in dict.fromkeys(state.posts):
            left = list(state.posts)
            left.remove(post)
            rest = state._replace(posts=tuple(left))
            yield from self._learn(rest, post, f"{post.kind} {post.code} of {post.attempt}")
        yield from self._questions(state)

    def _learn(self, state: State, evidence: Evidence, what: str) -> Moves:
        writes = tuple(decide(state.around, evidence, OVER, self.without))
        if not writes:
            yield f"{what}: nothing", state
        for write in self._told(writes):
            done = commit(state.around, write, self.without)
            if done is not None:
                self.decisions.add(decision_of(state.around.payment, evidence))
                yield what, state._replace(around=done)

    def _told(self, writes: tuple[Write, ...]) -> tuple[Write, ...]:
        """Whether the operator named the same receipt is not in this world: then it is told."""
        raising = tuple(write for write in writes if write.raises)
        return raising or writes

    def _fault(self, state: State, name: str) -> Iterator[State]:
        if name in self.may and state.faults:
            yield state._replace(faults=state.faults - 1)

    # People

    def _staff(self, state: State) -> Moves:
        p = state.around.payment
        assert p is not None
        for who in STAFF:
            if len(state.attempts) < self.sends:
                yield from self._learn(state, Evidence("request", who=who), f"{who} requests")
            if not any(name == who for name, _ in state.approvals):
                approval = Evidence("approve", who=who)
                for write in decide(state.around, approval, OVER, self.without):
                    read = (*state.approvals, (who, write))
                    yield f"{who} decides to approve", state._replace(approvals=tuple(sorted(read)))
        if not state.withdrawn:
            gone = state._replace(withdrawn=True)
            yield from self._learn(gone, Evidence("withdraw"), "withdrawn")
        for who, write in state.approvals:
            rest = tuple(each for each in state.approvals if each[0] != who)
            yield from self._approved(state._replace(approvals=rest), who, write)
        yield from self._by_statement(state)

    def _by_statement(self, state: State) -> Moves:
        """Who is told looks at M-Pesa's statement; somebody may return the money by other means."""
        p = state.around.payment
        assert p is not None
        may_pay = not state.is_back or "contradicted" in self.may
        if "cash" in self.may and not state.paid_otherwise and may_pay:
            for what, marked in self._learn(state, Evidence("mark"), "paid back, and marked"):
                if marked != state:
                    yield what, marked._replace(paid_otherwise=True)
        word = "settle reversed" if state.is_back else "settle not reversed"
        may_settle = p.attention is not None or self.without == "the statement after a day"
        if may_settle:
            yield from self._learn(state, Evidence(word), word)
        for world in self._fault(state, "portal"):
            if not state.is_back:
                yield "reversed on M-Pesa's page", world._replace(is_back=True)
        if state.around.stopped and not state.resumed and not state.alive:
            runs = state.around._replace(stopped=False)
            yield "a person resumes", state._replace(around=runs, resumed=True)

    def _approved(self, state: State, who: str, write: Write) -> Moves:
        """The write, then one send by the same invocation."""
        done = commit(state.around, write, self.without)
        if done is not None:
            self.decisions.add(decision_of(write.read, Evidence("approve")))
        if done is None or state.alive or len(state.attempts) >= self.sends:
            yield f"{who}'s approval is refused", state
            return
        number = len(state.attempts) + 1
        if self.without == "write before sending":
            sent = state._replace(attempts=(*state.attempts, "queued"))
            yield f"attempt {number} is sent before its write", sent
            return
        done = done._replace(refund_is_late=False)
        waits = state._replace(around=done, attempts=(*state.attempts, "written"), alive=number)
        yield f"{who} approves: attempt {number} is written", waits

    def _sender(self, state: State) -> Moves:
        number = state.alive
        if not number:
            return
        idle = state._replace(alive=0)
        queued, absent = (self._with(idle, number, word) for word in ("queued", "never came"))
        yield f"attempt {number} reaches M-Pesa", queued
        for world in self._fault(queued, "acknowledgement lost"):
            lost = Evidence("not taken", code="unclear", attempt=number)
            yield from self._learn(world, lost, f"attempt {number} came, its answer is lost")
        for world in self._fault(absent, "acknowledgement lost"):
            lost = Evidence("not taken", code="unclear", attempt=number)
            yield from self._learn(world, lost, f"attempt {number} never came, no answer")
        for world in self._fault(absent, "crash"):
            yield f"the sender of {number} dies", world
        for world in self._fault(absent, "refused"):
            proof = Evidence("not taken", code="gateway", attempt=number)
            yield from self._learn(world, proof, f"the gateway refuses {number}")
        if self.without == "one send of an attempt":
            yield (
                f"attempt {number} reaches M-Pesa and is sent again",
                self._with(state, number, "queued"),
            )

    # M-Pesa

    def _with(self, state: State, number: int, word: str) -> State:
        return state._replace(attempts=replaced(state.attempts, number - 1, word))

    def _mpesa(self, state: State, number: int) -> Moves:
        if state.is_back:
            done = self._with(state, number, "already")
            yield f"M-Pesa: {number} is reversed already", self._posts(done, number, "already")
            return
        done = self._with(state, number, "executed")._replace(is_back=True)
        yield f"M-Pesa executes {number}", self._posts(done, number, "0")
        for world in self._fault(done, "result lost"):
            yield f"M-Pesa executes {number}, the result is lost", world
        for world in self._fault(done, "unlisted"):
            yield f"M-Pesa executes {number}, odd code", self._posts(world, number, "unlisted")
        for world in self._fault(done, "contradicted"):
            refused = self._posts(world, number, "1")
            yield f"M-Pesa refuses {number}, and executes it", self._posts(refused, number, "0")
        for code in ("1", "stops"):
            for world in self._fault(self._with(state, number, "refused"), code):
                told = self._posts(world, number, code)
                yield f"M-Pesa refuses {number}: {code}", told
                for again in self._fault(told, "doubled"):
                    yield f"M-Pesa refuses {number} twice: {code}", self._posts(again, number, code)

    def _posts(self, state: State, number: int, code: str) -> State:
        post = Evidence("result", code=code, attempt=number)
        return state._replace(posts=tuple(sorted((*state.posts, post), key=hash)))

    def _questions(self, state: State) -> Moves:
        """Cleanup asks Transaction Status; after a day a person is told, and may settle."""
        p, under_way = state.around.payment, "queued" in state.attempts or state.alive
        assert p is not None
        if p.refund.step == "sent":
            truth = "Reversed" if state.is_back and "hides" not in self.may else "Completed"
            yield from self._learn(state, Evidence("status", code=truth), f"status: {truth}")
            if not state.around.refund_is_late and not under_way:
                late = state.around._replace(refund_is_late=True)
                yield "a day passes", state._replace(around=late)
            if state.around.refund_is_late:
                yield from self._learn(state, Evidence("time"), "cleanup looks")

    # Invariants: 11.6

    def broken(self, before: State, what: str, after: State) -> Iterator[str]:
        """What a step breaks."""
        old, new = before.around.payment, after.around.payment
        assert old is not None
        assert new is not None
        moving = [word for word in after.attempts if word in ("queued", "executed")]
        if after.attempts != before.attempts and "reaches M-Pesa" in what:
            again = before.attempts[before.alive - 1] != "written" or "sent again" in what
            if again or len(moving) > 1:
                yield "R1"
        if "sent before its write" in what or ("is written" in what and after.alive):
            if old.refund.step != "requested":
                yield "R3"
            if before.around.stopped:
                yield "R6"
            if new.refund.maker == new.refund.checker and "before" not in what:
                yield "R3"
        if "sent before its write" in what and len(moving) > 1:
            yield "R1"
        if new.status == "refunded" != old.status and not (after.is_back or after.paid_otherwise):
            yield "R2"
        if old.status == "refunded" != new.status:
            yield "R2"

    def broken_at_rest(self, state: State) -> Iterator[str]:
        """R4 and R5: nothing goes back twice in silence, and nothing waits in silence."""
        p = state.around.payment
        assert p is not None
        told = p.attention is not None
        by_us = "executed" in state.attempts
        if by_us and state.paid_otherwise and not told:
            yield "R4"
        if p.refund.step == "sent" and not told:
            yield "R5"
        if (by_us or "already" in state.attempts) and p.status != "refunded" and not told:
            yield "R5"
