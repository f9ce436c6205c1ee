"""What happens next in a world of money: sends, people, messages, questions, time and Pull."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from .decide import decide
from .decisions import decision_of
from .ladder import may_be_a_prompts, owner_of
from .money import CLOSES, LASTS, SUCCESS, UNLISTED
from .money_world import AGES, RESERVE, Mail, MoneyWorld, State, replaced
from .state import BELIEVABLE, NEW, OPEN, OVER, TWO_DAYS, Around, Evidence, Write, commit

type Moves = Iterator[tuple[str, State]]

ACCEPTED, REFUSED, UNCLEAR = (Evidence(kind) for kind in ("accepted", "refused", "unclear"))
PAID = Evidence("callback", "callback", "exact", True, SUCCESS)
ACTS = frozenset(("set aside", "reopen", "attach", "attach to a booking", "owe back"))
ACTS |= {"complete", "owe the review back", "bogus", "record a receipt"}


@cache
def _writes(around: Around, evidence: Evidence, age: int, without: str) -> tuple[Write, ...]:
    return tuple(decide(around, evidence, age, without))


_commit = cache(commit)


class Playing(MoneyWorld):
    """A world of money that is played."""

    def steps(self, state: State) -> Moves:
        """Everything that may happen next."""
        yield from self._reservations(state)
        for i in range(self.prompted):
            if state.prompts[i] == "sending":
                yield from self._sends(state, i)
            if state.prompts[i].startswith("open"):
                yield from self._customer(state, i)
            if state.payments[i] is not None:
                yield from self._questions(state, i)
                yield from self._time(state, i)
        yield from self._hands(state)
        yield from self._messages(state)
        yield from self._postponed(state)
        yield from self._booking_system(state)
        yield from self._rows(state)
        yield from self._people(state)

    # A payment's beginning

    def _reservations(self, state: State) -> Moves:
        for i in range(self.prompted):
            waits = state.payments[i] is None and state.prompts[i] == ""
            if not waits or (i and state.payments[i - 1] is None):
                continue
            sending = state._replace(prompts=replaced(state.prompts, i, "sending"))
            if self.without == "write ahead":
                yield f"{i} is sent before it is reserved", sending
            for write in _writes(self.around(state, i, -1), RESERVE, NEW, self.without):
                done = _commit(self.around(state, i, -1), write, self.without)
                if done is not None:
                    self.decisions.add(decision_of(None, RESERVE))
                    yield f"{i} reserves", self.put(sending, i, -1, done)
            return

    def _sends(self, state: State, i: int) -> Moves:
        """One invocation sends, once; its answer may be lost, or the invocation may die."""
        shown = state._replace(prompts=replaced(state.prompts, i, "open"))
        absent = state._replace(prompts=replaced(state.prompts, i, "closed"))
        yield f"{i}: prompt opens, accepted", self._post(shown, i, -1, ACCEPTED)
        for world in self._fault(absent, "refused"):
            yield f"{i}: push refused", self._post(world, i, -1, REFUSED)
        for world in self._fault(shown, "unclear"):
            yield f"{i}: prompt opens, the answer is lost", self._post(world, i, -1, UNCLEAR)
        for world in self._fault(absent, "unclear"):
            yield f"{i}: no prompt, the answer is lost", self._post(world, i, -1, UNCLEAR)
        for world in self._fault(shown, "crash"):
            yield f"{i}: prompt opens, the sender dies", world

    def _customer(self, state: State, i: int) -> Moves:
        paid = state._replace(prompts=replaced(state.prompts, i, "paid"), debits=state.debits | {i})
        twin = Evidence("money", "c2b", "exact", True)
        told = self._post(paid, -1, i, twin) if "twin" in self.may else paid
        yield f"{i} pays", self._post(told, i, i, PAID)
        for world in self._fault(told, "callback lost"):
            yield f"{i} pays, the callback is lost", world
        for world in self._fault(told, "callback doubled"):
            once = self._post(world, i, i, PAID)
            yield f"{i} pays, two callbacks", self._post(once, i, i, PAID)
        for world in self._fault(told, "unlisted"):
            yield (
                f"{i} pays, an unlisted callback",
                self._post(world, i, i, PAID._replace(kind="hint", source="hint")),
            )
        for amount in ("other", None):
            for world in self._fault(told, "amount"):
                said = PAID._replace(amount=amount)
                yield f"{i} pays, the callback names {amount}", self._post(world, i, i, said)
        for world in self._fault(paid, "twin amount"):
            lie = self._post(world, -1, i, twin._replace(amount="other"))
            yield f"{i} pays, the twin names another amount", self._post(lie, i, i, PAID)
        for world in self._fault(paid, "all lost"):
            yield f"{i} pays, nobody tells", world
        p = state.payments[i]
        if self.without == "one send of a push" and p is not None and p.status == "unknown":
            again = replaced(state.prompts, i, "open, sent twice")
            yield f"{i} is sent again", state._replace(prompts=again)
        refused = Evidence("callback", "callback", code=CLOSES)
        closed = state._replace(prompts=replaced(state.prompts, i, "closed"))
        yield f"{i} refuses", self._post(closed, i, -1, refused)
        for world in self._fault(closed, "callback lost"):
            yield f"{i} refuses, the callback is lost", world
        if state.prompts[i] == "open" and "1037" in self.may:
            unreachable = state._replace(prompts=replaced(state.prompts, i, "open, said 1037"))
            lasting = refused._replace(code=LASTS)
            yield f"{i}: 1037, the prompt stays", self._post(unreachable, i, -1, lasting)

    # Questions and time

    def _questions(self, state: State, i: int) -> Moves:
        p, age, prompt = state.payments[i], state.ages[i], state.prompts[i]
        assert p is not None
        may_ask = p.id is not None or p.hint is not None
        again = self.without != "failed is asked again"
        is_due = p.status in OPEN or p.hint is not None
        is_due |= p.status == "failed" and age >= OVER and again
        is_due |= p.status == "cancelled" and age >= TWO_DAYS and again
        if not (may_ask and is_due):
            return
        truth = {"paid": SUCCESS, "closed": CLOSES, "": CLOSES}.get(prompt, UNLISTED)
        asked = Evidence("query", "query", "exact", True, truth)
        for r in {i, self.prompted - 1 if "forged" in self.may else i}:
            yield from self._learn(state, Mail(i, r, asked), f"query {i}: {truth}", at_once=True)
        if truth != CLOSES and age < TWO_DAYS:
            for world in self._fault(state, "query lies"):
                lie = Mail(i, i, asked._replace(code=LASTS))
                yield from self._learn(world, lie, f"query {i} says failed", at_once=True)
        too_early = "paid too early" if truth == UNLISTED and age == NEW else ""
        falsely = "false 0" if truth == CLOSES and age >= BELIEVABLE else ""
        if too_early or falsely:
            for world in self._fault(state, too_early or falsely):
                lie = Mail(i, i, asked._replace(code=SUCCESS))
                yield from self._learn(
                    world, lie, f"query {i} says 0 and no money moved", at_once=True
                )

    def _time(self, state: State, i: int) -> Moves:
        age = state.ages[i]
        clock = Mail(i, -1, Evidence("time"))
        yield from self._learn(state, clock, f"cleanup looks at {i}", at_once=True)
        older = [state.ages[j] for j in range(i) if state.payments[j] is not None]
        if age == self.last_age:
            return
        later = AGES[AGES.index(age) + 1]
        if any(other < later for other in older) or state.prompts[i] == "sending":
            return
        if later == TWO_DAYS and state.decided:
            return
        yield (
            f"{i} is {('', '', 'believable', 'over', '', 'two days old')[later]}",
            self._aged(state, i, later),
        )

    def _aged(self, state: State, i: int, age: int) -> State:
        state = state._replace(ages=replaced(state.ages, i, age))
        if age != OVER:
            return state
        if state.prompts[i].startswith("open"):
            state = state._replace(prompts=replaced(state.prompts, i, "closed"))
        phone, b = self.phones[i], self.bookings[i]
        if state.phones[phone] == i:
            state = state._replace(phones=replaced(state.phones, phone, None))
        mine = [j for j in range(self.prompted) if self.bookings[j] == b]
        over = all(state.ages[j] >= OVER for j in mine if state.payments[j] is not None)
        if over and state.bookings[b].lock == "deadline":
            free = state.bookings[b]._replace(lock=None)
            state = state._replace(bookings=replaced(state.bookings, b, free))
        return state

    # Money by hand, and receipts

    def _hands(self, state: State) -> Moves:
        for j, hand in enumerate(self.hands):
            r = self.prompted + j
            is_time = state.payments[0] is not None and state.ages[0] < TWO_DAYS
            if r in state.debits or not is_time or (hand.while_prompted and state.ages[0] >= OVER):
                continue
            paid = state._replace(debits=state.debits | {r})
            said = Evidence("money", "c2b", hand.amount, True)
            yield f"hand payment {r}", self._post(paid, -1, r, said)
            for world in self._fault(paid, "all lost"):
                yield f"hand payment {r}, nobody tells", world

    def _rows(self, state: State) -> Moves:
        """Pull lists each debit, and an unclaimed row is looked at again."""
        if state.ages[0] < OVER or not self.pulls:
            return
        for r in sorted(state.debits):
            listed = state._replace(listed=state.listed | {r})
            if r not in state.listed:
                seen = Mail(-1, r, Evidence("money", "pull", self.amount_of(r), True))
                yield from self._learn(listed, seen, f"Pull lists {r}")
            row = state.rows[r]
            if row is not None and row.state == "unclaimed":
                look = Mail(-1, r, Evidence("money", "c2b", row.amount, True, "look"))
                yield from self._learn(state, look, f"row {r} is looked at", at_once=True)

    # Messages

    def _post(self, state: State, i: int, r: int, evidence: Evidence) -> State:
        return state._replace(mail=tuple(sorted((*state.mail, Mail(i, r, evidence)), key=hash)))

    def _fault(self, state: State, name: str) -> Iterator[State]:
        if name in self.may and state.faults:
            yield state._replace(faults=state.faults - 1)

    def _messages(self, state: State) -> Moves:
        for message in dict.fromkeys(state.mail):
            left = list(state.mail)
            left.remove(message)
            taken = state._replace(mail=tuple(left))
            what = f"{message.evidence.kind} {message.evidence.code} {message[:2]}"
            yield from self._learn(taken, message, what)
            for world in self._fault(taken, "message lost"):
                yield f"{what} is lost", world

    def _learn(self, state: State, mail: Mail, what: str, *, at_once: bool = False) -> Moves:
        """Read, decide, and write at once or later; or nothing is to be written."""
        i, r, evidence = mail
        wanted = ""
        if i < 0 and evidence.kind == "money":
            i, wanted = owner_of(self, state, r, evidence)
        around = self.around(state, i, r)
        plain = evidence if evidence.code != "look" else evidence._replace(code="")
        writes = _writes(around, plain, state.ages[max(i, 0)], self.without)
        meant = ("file", "two amounts") if wanted == "file" else (wanted,)
        writes = tuple(
            write for write in writes if not wanted or {write.booking, write.row.act} & {*meant}
        )
        if not writes:
            yield f"{what}: nothing", state
        for write in writes:
            done = _commit(around, write, self.without)
            if done is not None:
                self._note(write, evidence)
                yield what, self.put(state, i, r, done)
            if self.postpones and not at_once and not state.decided:
                later = (*state.decided, (Mail(i, r, evidence), write))
                yield f"{what}, decided", state._replace(decided=later)

    def _note(self, write: Write, evidence: Evidence) -> None:
        if write.payment is not None:
            self.decisions.add(decision_of(write.read, evidence))

    def _postponed(self, state: State) -> Moves:
        """The second half: the write fails where what was read has changed; then read again."""
        for read, write in state.decided:
            mail = read
            rest = state._replace(decided=())
            done = _commit(self.around(state, mail.payment, mail.receipt), write, self.without)
            what = f"{mail.evidence.kind} {mail[:2]} writes"
            if done is not None:
                self._note(write, mail.evidence)
                yield what, self.put(rest, mail.payment, mail.receipt, done)
            elif self.without != "decide again":
                again = -1 if mail.evidence.kind == "money" else mail.payment
                mail = mail._replace(payment=again)
                yield from self._learn(rest, mail, f"{what}: read again", at_once=True)
            else:
                yield f"{what}: given up", rest
            for world in self._fault(rest, "crash"):
                lost = mail.receipt if mail.evidence.source == "pull" else -1
                repeats = self.without != "Pull's windows overlap"
                listed = world.listed - {lost} if repeats else world.listed
                yield f"{what}: crashes before", world._replace(listed=listed)

    # The booking system and people

    def _booking_system(self, state: State) -> Moves:
        for b, booking in enumerate(state.bookings):
            for world in self._fault(state, "cancelled"):
                if booking.status != "Confirmed":
                    turned = {"Pending": "Cancelled", "Cancelled": "Pending"}[booking.status]
                    other = booking._replace(status=turned)
                    bookings = replaced(world.bookings, b, other)
                    yield f"booking {b} is {turned}", world._replace(bookings=bookings)
                elif booking.paid_by is not None:
                    mail = Mail(int(booking.paid_by), -1, Evidence("booking cancelled"))
                    yield from self._learn(world, mail, f"booking {b} is cancelled", at_once=True)
            idle = booking.active is None and booking.lock is None and booking.status == "Pending"
            others = {
                "same_price": booking._replace(same_price=False),
                "same_client": booking._replace(same_client=False),
            }
            for name, other in others.items():
                for world in self._fault(state, name) if idle else ():
                    yield (
                        f"booking {b}: {name} no more",
                        world._replace(bookings=replaced(world.bookings, b, other)),
                    )

    def _people(self, state: State) -> Moves:
        """A person acts once the prompts are over, by M-Pesa's statement or carelessly."""
        if state.ages[0] < OVER or state.decided:
            return
        for act in sorted(self.may & ACTS):
            for r in sorted(state.debits):
                said = Evidence(act, "c2b", self.amount_of(r), True)
                for i in self._chosen(state, act, r):
                    yield from self._learn(state, Mail(i, r, said), f"{act} {i} {r}", at_once=True)

    def _chosen(self, state: State, act: str, r: int) -> Iterator[int]:
        """Which payment a person may choose: 10.5."""
        if act in ("attach to a booking", "owe back"):
            if not may_be_a_prompts(self, state, r):
                yield self.paybill_slot(r)
        elif act in ("set aside", "reopen"):
            yield -1
        else:
            yield from (i for i, p in enumerate(state.payments) if p is not None)
