"""Who acts and why, and the question before anything that changes money's state."""

from collections.abc import Callable
from dataclasses import dataclass

from payments.values import holds_phone

from tools.hakika.errors import RefusedError, UsageError

WHO_CHARACTERS_MAX = 64
WHY_CHARACTERS_MAX = 200


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whoever sits at the terminal; `is_there` is false in a script or a pipe."""

    is_there: bool
    ask: Callable[[str, str | None], str]
    confirm: Callable[[str], bool]
    ask_secretly: Callable[[str], str]

    def is_asked(self, *, consent_given: bool) -> bool:
        """Whether somebody will be asked, and so must first see what will change."""
        return self.is_there and not consent_given


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who and why, as the audit event keeps them."""

    who: str
    why: str


def take_account(
    person: Person, *, who: str | None, why: str | None, default_who: Callable[[], str | None]
) -> Account:
    """Return who and why, asking for what was not given.

    Errors: UsageError where one is missing and nobody can be asked, or is not fit to be kept.
    """
    if who is None:
        who = default_who()
        if person.is_there:
            who = person.ask("Who are you?", who)
    if why is None and person.is_there:
        why = person.ask("Why? (kept with what you change)", None)
    return Account(
        who=_fit("--who", who, WHO_CHARACTERS_MAX), why=_fit("--why", why, WHY_CHARACTERS_MAX)
    )


def require_consent(person: Person, *, is_given: bool) -> None:
    """Pass where the person agrees. Errors: UsageError, RefusedError."""
    if is_given:
        return
    if not person.is_there:
        raise UsageError("This changes money's state: add --yes to agree where nobody can be asked")
    if not person.confirm("Go on?"):
        raise RefusedError("Nothing was changed")


def _fit(option: str, text: str | None, characters_max: int) -> str:
    """Events are read by other systems: one line, and no phone number in it."""
    cleaned = " ".join((text or "").split())
    if not cleaned:
        raise UsageError(f"{option} is required: it is kept with what you change")
    if len(cleaned) > characters_max:
        raise UsageError(f"{option} is longer than {characters_max} characters")
    if not cleaned.isprintable():
        raise UsageError(f"{option} holds characters that cannot be printed")
    if holds_phone(cleaned):
        raise UsageError(f"{option} holds a phone number: other systems read it, leave it out")
    return cleaned
