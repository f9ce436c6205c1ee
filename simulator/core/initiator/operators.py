"""API operators: their passwords, roles, expiry and lock. Source: docs/daraja.md 9.1."""

from dataclasses import dataclass, field
from enum import StrEnum

from simulator.core.errors import SettingError
from simulator.core.initiator.certificate import decrypted

DAY_SECONDS = 86_400.0
PASSWORD_SPECIAL_CHARACTERS = "#&%$"  # the allowed ones, not a password
PASSWORD_CHARACTERS_MIN = 8


class Role(StrEnum):
    """What an operator may do, as the M-Pesa portal names it."""

    REVERSAL = "Org Reversals Initiator"
    STATUS = "Transaction Status query ORG API"
    BALANCE = "Balance Query ORG API"
    B2C = "ORG B2C API Initiator"


@dataclass(frozen=True, slots=True)
class Initiator:
    """An API operator as configured. Units: `password_age_days` at the simulator's start."""

    name: str
    password: str
    roles: tuple[Role, ...] = tuple(Role)
    password_age_days: float = 0.0
    is_locked: bool = False
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class CredentialRules:
    """The settings that decide what a bad credential is answered. Units: days."""

    valid_days: float
    wrong_tries_max: int
    unknown_code: str
    wrong_code: str
    expired_code: str


@dataclass(slots=True)
class Operator:
    """An initiator as it is now. Units: `password_set_at` UTC epoch seconds."""

    name: str
    password: str
    roles: tuple[Role, ...]
    password_set_at: float
    is_locked: bool = False
    is_active: bool = True
    wrong_tries: int = 0

    def refusal(
        self, credential: object, role: Role, now: float, rules: CredentialRules
    ) -> str | None:
        """The result code that ends the call; None where the operator may make it.

        A wrong password counts towards the lock, a right one resets the count.
        """
        if self.is_locked:
            return "8006"
        if decrypted(credential) != self.password.encode():
            self.wrong_tries += 1
            self.is_locked = self.wrong_tries >= rules.wrong_tries_max
            return "8006" if self.is_locked else rules.wrong_code
        self.wrong_tries = 0
        if now - self.password_set_at >= rules.valid_days * DAY_SECONDS:
            return rules.expired_code
        if not self.is_active:
            return "22"
        return None if role in self.roles else "21"


@dataclass(slots=True)
class OperatorDesk:
    """Every operator, by name."""

    operators: dict[str, Operator] = field(default_factory=dict)

    def open(self, initiators: tuple[Initiator, ...], now: float) -> None:
        """Adds the configured operators. Their passwords already have the configured age."""
        for each in initiators:
            set_at = now - each.password_age_days * DAY_SECONDS
            self.operators[each.name] = Operator(
                each.name, each.password, each.roles, set_at, each.is_locked, each.is_active
            )

    def refusal(
        self, name: object, credential: object, role: Role, now: float, rules: CredentialRules
    ) -> str | None:
        """The result code of a call that this operator may not make; None where it may."""
        operator = self.operators.get(name) if isinstance(name, str) else None
        if operator is None:
            return rules.unknown_code
        return operator.refusal(credential, role, now, rules)

    def set_operator(self, name: str, now: float, **changes: object) -> Operator:
        """Changes one operator: password, roles, password_age_days, is_locked, is_active.

        A new password is new from now on, and unlocks. Errors: SettingError; nothing changes then.
        """
        operator = self.operators.get(name)
        if operator is None:
            raise SettingError(f"there is no initiator {name!r}")
        checked = {key: _setting(key, value) for key, value in changes.items()}
        for key, value in checked.items():
            if key == "password_age_days":
                operator.password_set_at = now - float(str(value)) * DAY_SECONDS
            else:
                setattr(operator, key, value)
        if "password" in checked:
            operator.password_set_at, operator.is_locked = now, False
        if "password" in checked or checked.get("is_locked") is False:
            operator.wrong_tries = 0
        return operator


def _setting(name: str, value: object) -> object:
    match name, value:
        case "password", str() if is_good_password(value):
            return value
        case "roles", list() if all(isinstance(each, str) for each in value):
            return tuple(_role(each) for each in value)
        case "password_age_days", int() | float() if not isinstance(value, bool) and value >= 0:
            return float(value)
        case (("is_locked" | "is_active"), bool()):
            return value
    raise SettingError(
        f"{name} cannot be {value!r}; an initiator has password (letters, digits and any of "
        f"{PASSWORD_SPECIAL_CHARACTERS}, at least {PASSWORD_CHARACTERS_MIN}), roles, "
        "password_age_days, is_locked and is_active"
    )


def is_good_password(text: str) -> bool:
    """Whether M-Pesa's portal takes this password; `( ) @ .` are refused."""
    return (
        len(text) >= PASSWORD_CHARACTERS_MIN
        and text.isascii()
        and all(each.isalnum() or each in PASSWORD_SPECIAL_CHARACTERS for each in text)
    )


def _role(text: str) -> Role:
    if text not in tuple(Role):
        raise SettingError(f"there is no role {text!r}; there are {', '.join(Role)}")
    return Role(text)
