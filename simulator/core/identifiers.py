"""Identifiers shaped like the real ones. Source: docs/daraja.md 3 and 5, "Identifier shapes"."""

from datetime import UTC, datetime, timedelta, timezone

from simulator.core import chance

EAT = timezone(timedelta(hours=3), "EAT")

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_RECEIPT_SPACE = 36**7
_MILLISECONDS_A_DAY = 86_400_000
_PER_MILLISECOND = _RECEIPT_SPACE // _MILLISECONDS_A_DAY
# Odd and no multiple of 3, hence coprime with 36**7: the map below is a bijection.
_MULTIPLIER = 29_874_365_327
_FIRST_YEAR = 2006  # the year whose receipts begin with A, so that 2026 gives U


def eat(at: float) -> datetime:
    """The moment in Nairobi. Units: `at` is UTC epoch seconds."""
    return datetime.fromtimestamp(at, EAT)


def timestamp(at: float) -> str:
    """YYYYMMDDHHmmss in EAT, as Password and TransactionDate use it."""
    return eat(at).strftime("%Y%m%d%H%M%S")


def checkout_request_id(milliseconds: int, msisdn: str) -> str:
    """`ws_CO_` + DDMMYYYYHHMMSS + milliseconds + the phone's last nine digits."""
    return f"ws_CO_{_moment(milliseconds)}{msisdn[-9:]}"


def older_checkout_request_id(milliseconds: int, msisdn: str) -> str:
    """`ws_CO_DMZ_`, a number, and the moment: no digit of the phone."""
    number = chance.between(1e7, 1e8, milliseconds, "older_checkout_request_id", msisdn)
    return f"ws_CO_DMZ_{int(number)}_{_moment(milliseconds)}"


def _moment(milliseconds: int) -> str:
    """DDMMYYYYHHMMSS and milliseconds, in EAT."""
    return (
        f"{datetime.fromtimestamp(milliseconds // 1000, EAT):%d%m%Y%H%M%S}{milliseconds % 1000:03d}"
    )


def merchant_request_id(seed: int, checkout_id: str) -> str:
    """The newer shape: hex groups of 4, 4, 4 and 16."""
    digits = chance.hexadecimal(28, seed, "merchant_request_id", checkout_id)
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}-{digits[12:]}"


def older_merchant_request_id(seed: int, checkout_id: str) -> str:
    """The older shape, such as 29115-34620561-1."""
    key = (seed, "older_merchant_request_id", checkout_id)
    first, second = chance.between(1e4, 1e5, *key, 1), chance.between(1e7, 1e8, *key, 2)
    return f"{int(first)}-{int(second)}-1"


class ReceiptPrinter:
    """Prints receipts of ten characters that never repeat, also after a reset or a restart.

    Year, month and day are the first three characters, as on real receipts; the other seven are a
    bijection of the millisecond of the day and a counter within it, so that uniqueness needs no
    memory beyond the current millisecond.
    """

    def __init__(self) -> None:
        self._last_tick = -1
        self._within = 0

    def next(self, at: float) -> str:
        """A receipt number for a debit at this moment."""
        tick = max(int(at * 1000), self._last_tick)
        self._within = self._within + 1 if tick == self._last_tick else 0
        if self._within >= _PER_MILLISECOND:
            tick, self._within = tick + 1, 0
        self._last_tick = tick
        moment = datetime.fromtimestamp(tick // 1000, UTC) + timedelta(hours=3)
        of_day = (tick + 3 * 3_600_000) % _MILLISECONDS_A_DAY
        number = (of_day * _PER_MILLISECOND + self._within) * _MULTIPLIER % _RECEIPT_SPACE
        return _date_letters(moment) + _base36(number)


def receipt_letters(at: float) -> str:
    """The three characters with which the receipts of this day begin."""
    return _date_letters(eat(at))


def _date_letters(moment: datetime) -> str:
    year = _ALPHABET[10 + (moment.year - _FIRST_YEAR) % 26]
    month = _ALPHABET[9 + moment.month]
    return year + month + _ALPHABET[moment.day]


def _base36(number: int) -> str:
    digits = []
    for _ in range(7):
        number, digit = divmod(number, 36)
        digits.append(_ALPHABET[digit])
    return "".join(digits)
