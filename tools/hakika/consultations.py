"""`hakika consultation`: show and set what is paid for."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from payments.errors import ConflictError
from payments.http.answers import consultation_answer
from payments.ports import Actor
from payments.protocol.consultation import BookingStatus, Consultation
from payments.protocol.policy import NEVER
from payments.store.instructions import Instruction
from payments.usecases.register_consultation import register_consultation, require_changeable
from payments.values import eat_iso, normalise_booking_id

from tools.hakika import screen
from tools.hakika.arguments import parse_amount
from tools.hakika.decisions import Who, Why, Yes
from tools.hakika.errors import ChangedError, RefusedError, UsageError
from tools.hakika.person import require_consent, take_account
from tools.hakika.session import Session
from tools.hakika.views import what_changed

SETTABLE = (BookingStatus.PENDING, BookingStatus.CANCELLED)

app = typer.Typer(help="See and set what is paid for.", no_args_is_help=True)
BookingId = Annotated[str, typer.Argument(metavar="BOOKING", help="The booking_id.")]


@app.command()
def show(context: typer.Context, booking: BookingId) -> None:
    """Show a consultation, whose payment it carries, and what operators asked for."""
    session: Session = context.obj
    found = session.parts.store.get_consultation(normalise_booking_id(booking))
    if found is None:
        raise RefusedError(f"No consultation {booking} in {session.deployment.name}")
    _answer(session, found)


@app.command(name="set")
def set_(
    context: typer.Context,
    booking: BookingId,
    client: Annotated[
        str | None, typer.Option(metavar="ID", help="Who pays: the token's subject.")
    ] = None,
    price: Annotated[str | None, typer.Option(metavar="KES", help="Whole shillings.")] = None,
    status: Annotated[str | None, typer.Option(metavar="S", help="Pending or Cancelled.")] = None,
    who: Who = None,
    why: Why = None,
    yes: Yes = False,
) -> None:
    """Register a consultation, or change what is named; as the booking system does by the API.

    Confirmed and Paid are never set here: only money does that. Cancelling a Confirmed
    consultation makes its payment refund_due. Who and why are kept beside the consultation,
    and in the payment's history where its payment changes.
    """
    session: Session = context.obj
    booking_id = normalise_booking_id(booking)
    before = session.parts.store.get_consultation(booking_id)
    wanted = _wanted(session, before, booking_id, client, price, status)
    if before is not None:
        require_changeable(session.parts, before, wanted.client_id, wanted.price_kes)
    account = take_account(
        session.person, who=who, why=why, default_who=session.deployment.default_person
    )
    if session.person.is_asked(consent_given=yes):
        _show_plan(session, before, wanted)
    require_consent(session.person, is_given=yes)
    actor = Actor(
        by=f"operator:{account.who}",
        request_id=f"hakika-{session.parts.ids.hex(16)}",
        reason=account.why,
    )
    _require_unchanged(session, booking_id, before)
    _store_instruction(session, before, wanted, actor)
    _answer(session, _register(session, before, wanted, actor))


def _register(
    session: Session, before: Consultation | None, wanted: Consultation, actor: Actor
) -> Consultation:
    """Change what was shown, and nothing else. Errors: ChangedError."""
    try:
        return register_consultation(
            session.parts,
            booking_id=wanted.booking_id,
            client_id=wanted.client_id,
            price_kes=wanted.price_kes,
            status=wanted.status,
            actor=actor,
            shown_version=before.version if before else 0,
        )
    except ConflictError:
        _require_unchanged(session, wanted.booking_id, before)
        raise


def _require_unchanged(session: Session, booking_id: str, before: Consultation | None) -> None:
    """Pass where the consultation is as it was shown. Errors: ChangedError names the difference."""
    now = session.parts.store.get_consultation(booking_id)
    if now == before:
        return
    views = [consultation_answer(each) if each else {} for each in (before, now)]
    raise ChangedError(
        f"Nothing was changed: the consultation has changed meanwhile ({what_changed(*views)}). "
        f"See: hakika consultation show {booking_id}"
    )


def _store_instruction(
    session: Session, before: Consultation | None, wanted: Consultation, actor: Actor
) -> None:
    """Written first: no change without who and why, whatever happens in between."""
    now, then = _plan(before, wanted)
    instruction = Instruction(
        at=session.now(),
        by=actor.by,
        reason=actor.reason,
        asked=f"{now} -> {then}",
        request_id=actor.request_id,
    )
    session.runtime.history.store_instruction(wanted.booking_id, instruction)


def _wanted(
    session: Session,
    before: Consultation | None,
    booking_id: str,
    client: str | None,
    price: str | None,
    status: str | None,
) -> Consultation:
    """Fill in from the stored one what was not named. Errors: UsageError."""
    client_id = client if client is not None else before and before.client_id
    if price is not None:
        price_kes = parse_amount(price, maximum_kes=session.parts.policy.max_amount_kes)
    else:
        price_kes = before.price_kes if before else 0
    if not client_id or not price_kes:
        raise UsageError(f"Consultation {booking_id} is new: give --client and --price")
    if not client_id.isprintable() or len(client_id) > 128:
        raise UsageError("--client must be 1 to 128 printable characters")
    words = {each.value.lower(): each for each in SETTABLE}
    if status is not None and status.lower() not in words:
        raise UsageError("--status is Pending or Cancelled: Confirmed follows from a payment only")
    chosen = words[status.lower()] if status else before.status if before else SETTABLE[0]
    # Confirmed is kept by asking for nothing else: it cannot be asked for.
    kept = BookingStatus.PENDING if chosen is BookingStatus.CONFIRMED else chosen
    return Consultation(
        booking_id=booking_id, client_id=client_id, price_kes=price_kes, status=kept
    )


def _show_plan(session: Session, before: Consultation | None, wanted: Consultation) -> None:
    now, then = _plan(before, wanted)
    screen.show_facts(session.err, [("booking", wanted.booking_id), ("now", now), ("then", then)])


def _plan(before: Consultation | None, wanted: Consultation) -> tuple[str, str]:
    """Say what is, and what is asked for."""
    now = "does not exist"
    if before is not None:
        now = f"{before.status}, {before.payment_status}, KES {before.price_kes:,}"
    is_confirmed = before is not None and before.status is BookingStatus.CONFIRMED
    is_owed = is_confirmed and wanted.status is BookingStatus.CANCELLED
    status = wanted.status if is_owed or not is_confirmed else BookingStatus.CONFIRMED
    then = f"{status}, KES {wanted.price_kes:,}, client {wanted.client_id}"
    if is_owed and before is not None:
        then = f"Cancelled; KES {before.price_kes:,} is owed back to the customer"
    return now, then


def _answer(session: Session, found: Consultation) -> None:
    lock = found.lock_until
    is_filed = lock is not None and lock >= NEVER
    locked_until = None if lock is None or is_filed else eat_iso(lock)
    document: dict[str, Any] = {
        **consultation_answer(found),
        "locked_until": locked_until,
        "locked_for_review": is_filed,
    }
    instructions = session.runtime.history.get_instructions(found.booking_id)
    document["instructions"] = [{**asdict(each), "at": eat_iso(each.at)} for each in instructions]
    shown_lock = "until a person decides" if is_filed else screen.clock_text(lock, has_year=True)
    session.answer(
        document,
        lambda console: screen.show_facts(
            console,
            [
                ("booking", found.booking_id),
                ("status", f"{found.status}, {found.payment_status}"),
                ("price", f"KES {found.price_kes:,}"),
                ("client", found.client_id),
                ("active payment", found.active_payment_id or ""),
                ("paid by", found.paid_payment_id or ""),
                ("locked", shown_lock),
                *(("asked for", _instruction_text(each)) for each in instructions),
            ],
        ),
    )


def _instruction_text(given: Instruction) -> str:
    at = screen.clock_text(given.at, has_year=True)
    return f"{at} {given.by}: {given.asked} ({given.reason})"
