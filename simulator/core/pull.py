"""Pull: register once, then list what was paid in the last 48 hours, page by page.

Every row is read from the ledger. Source: the portal's page and production systems that use it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.core import callback_url, chance, gateway
from simulator.core.accounts import AccountKind, Movement, MovementKind
from simulator.core.c2b_notice import is_person, payer
from simulator.core.config import Config, Merchant
from simulator.core.http import HttpAnswer, HttpRequest, json_answer
from simulator.core.identifiers import EAT, eat
from simulator.core.ledger import Debit
from simulator.core.phones import is_valid_msisdn
from simulator.core.prompts import Prompt
from simulator.core.push_fields import digits
from simulator.core.world import World

NOTHING_FOUND = "No records found or Organization Name not available"
_DATE_FORMAT = "%Y-%m-%d %H:%M:%S"
_PAY_BILL, _BUY_GOODS = "c2b-pay-bill-debit", "c2b-buy-goods-debit"
_SWEEP = "merchant-to-organization-settlement"
OFFSET_DIGITS_MAX = 9
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One page of one stretch of time. Units: UTC epoch seconds."""

    merchant: Merchant
    starts_at: float
    ends_at: float
    offset: int


def register(world: World, request: HttpRequest, now: float) -> tuple[HttpAnswer, Prompt | None]:
    """Opens Pull for a shortcode, once. Errors: gateway.RefusedError; nothing changes."""
    fields = _fields(world, request, now)
    merchant = _merchant(world, fields)
    if fields.get("RequestType") != "Pull":
        raise gateway.invalid(world, "RequestType")
    number = digits(fields.get("NominatedNumber"))
    if number is None or not is_valid_msisdn(number):
        raise gateway.invalid(world, "NominatedNumber")
    why = callback_url.refusal(
        fields.get("CallBackURL"),
        production=world.config.production_callback_rules,
        allow_local=world.config.allow_local_callbacks,
    )
    if why is not None:
        raise gateway.invalid(world, "CallBackURL", why)
    is_first = merchant.shortcode not in world.pull
    world.pull.add(merchant.shortcode)
    gap = " " if world.config.pull_keys == "live" else ""
    words = "ShortCode Registered Successfully" if is_first else "Short Code already Registered"
    return json_answer(
        200,
        {
            "ResponseRefID": world.request_id(),
            f"Response{gap}Status": "1000" if is_first else "1001",
            "ShortCode": merchant.shortcode,
            f"Response{gap}Description": words,
        },
    ), None


def query(world: World, request: HttpRequest, now: float) -> tuple[HttpAnswer, Prompt | None]:
    """One page of payments. Errors: gateway.RefusedError."""
    wanted = _wanted(world, _fields(world, request, now))
    config = world.config
    is_open = config.pull_is_provisioned and wanted.merchant.shortcode in world.pull
    if not is_open:
        return _empty(world, "1001"), None
    listed = sorted(_listed(world, wanted, now), key=lambda each: (each.at, each.number))
    size = max(1, config.pull_rows)
    first = wanted.offset * (size if config.pull_offset == "pages" else 1)
    page = [_row(world, each, wanted.merchant) for each in listed[first : first + size]]
    if not page:
        return _empty(world, config.pull_empty), None
    document = _answer(world, "1000", "Success", [page])
    return json_answer(200, {**document, "TotalPages": -(-len(listed) // size)}), None


def _fields(world: World, request: HttpRequest, now: float) -> dict[str, object]:
    gateway.check_token(world, request, now, invalid_code="401.001")
    return gateway.json_fields(world, request)


def _merchant(world: World, fields: dict[str, object]) -> Merchant:
    merchant = world.config.merchant(digits(fields.get("ShortCode")) or "")
    if merchant is None:
        raise gateway.refused(world, 400, "400.001", "Invalid ShortCode")
    return merchant


def _wanted(world: World, fields: dict[str, object]) -> Wanted:
    offset = digits(fields.get("OffSetValue"))
    is_number = offset is not None and offset.isascii() and offset.isdigit()
    if offset is None or not is_number or len(offset) > OFFSET_DIGITS_MAX:
        raise gateway.invalid(world, "OffSetValue")
    merchant = _merchant(world, fields)
    starts_at, ends_at = (_moment(world, fields, name) for name in ("StartDate", "EndDate"))
    if ends_at < starts_at:
        raise gateway.invalid(world, "EndDate", "it lies before StartDate")
    return Wanted(merchant, starts_at, ends_at, int(offset))


def _moment(world: World, fields: dict[str, object], name: str) -> float:
    try:
        return (
            datetime.strptime(str(fields.get(name)), _DATE_FORMAT).replace(tzinfo=EAT).timestamp()
        )
    except ValueError as error:
        raise gateway.invalid(world, name, f"write it as {_DATE_FORMAT}") from error


def _empty(world: World, kind: str) -> HttpAnswer:
    match kind:
        case "http_500":
            return json_answer(500, _answer(world, "500", "Failed to retrieve transactions", []))
        case "nested":
            return json_answer(200, _answer(world, "1000", "Success", [[]]))
        case "text":
            return json_answer(200, _answer(world, "1000", "Success", "[[]]"))
        case "bare":
            answer = _answer(world, "1001", NOTHING_FOUND, [])
            del answer["Response"]
            return json_answer(200, answer)
        case _:
            return json_answer(200, _answer(world, "1001", NOTHING_FOUND, []))


def _answer(world: World, code: str, words: str, rows: object) -> Row:
    key = "RequestID" if world.config.pull_keys == "live" else "ResponseRefID"
    return {
        key: world.request_id(),
        "ResponseCode": code,
        "ResponseMessage": words,
        "Response": rows,
    }


def _listed(world: World, wanted: Wanted, now: float) -> Iterator[Movement]:
    """The payments and sweeps in this stretch of time, newest first."""
    config, ledger = world.config, world.ledger
    earliest = max(wanted.starts_at, now - config.pull_hours * 3600)
    for each in reversed(ledger.books.movements):
        if each.kind is MovementKind.ISSUE:
            continue
        if each.at < earliest:
            return  # movements are in the order of their time
        is_gone = each.receipt in ledger.reversed_receipts and not config.pull_lists_reversed
        is_hidden = is_gone or not _is_pulled(world, each.receipt)
        is_late = each.at + _delay_seconds(world, each.receipt) > now
        is_wanted = each.at <= wanted.ends_at and _concerns(config, each, wanted.merchant)
        if is_wanted and not is_hidden and not is_late:
            yield each


def _concerns(config: Config, movement: Movement, merchant: Merchant) -> bool:
    is_sweep = movement.kind is MovementKind.SETTLEMENT and config.pull_lists_sweeps
    is_payment = movement.kind is MovementKind.PAYMENT
    return (is_sweep or is_payment) and movement.credited.owner == merchant.shortcode


def _is_pulled(world: World, receipt: str) -> bool:
    debit = world.ledger.debits.get(receipt)
    prompt = world.prompts.get(debit.checkout_request_id) if debit is not None else None
    return prompt is None or prompt.scenario.is_pulled


def _delay_seconds(world: World, receipt: str) -> float:
    most = world.config.pull_delay_seconds_max
    return chance.between(0.0, most, world.seed, "pull_delay", receipt) if most else 0.0


def _row(world: World, movement: Movement, merchant: Merchant) -> Row:
    debit = world.ledger.debits.get(movement.receipt)
    if debit is None:
        return _sweep_row(world, movement, merchant)
    return _payment_row(world, debit, merchant)


def _payment_row(world: World, debit: Debit, merchant: Merchant) -> Row:
    is_till = debit.account is AccountKind.MERCHANT
    return {
        "transactionId": debit.receipt,
        "trxDate": _date(debit.at, world.config.pull_clock),
        "msisdn": payer(debit, world.config.pull_msisdn, "v2"),
        "sender": "MPESA" if is_person(debit.phone) else debit.phone,
        "transactiontype": _BUY_GOODS if is_till else _PAY_BILL,
        "billreference": "" if is_till else debit.reference,
        "amount": _amount(debit.amount_kes, world.config.pull_amount),
        "organizationname": merchant.name,
    }


def _sweep_row(world: World, movement: Movement, merchant: Merchant) -> Row:
    return {
        "transactionId": movement.receipt,
        "trxDate": _date(movement.at, world.config.pull_clock),
        "msisdn": "",
        "sender": merchant.shortcode,
        "transactiontype": _SWEEP,
        "billreference": "",
        "amount": _amount(movement.amount_kes, world.config.pull_amount),
        "organizationname": merchant.name,
    }


def _date(at: float, clock: str) -> str:
    """The moment as Pull writes it; Nairobi time with a Z is what production was seen to send."""
    local = eat(at)
    if clock == "offset":
        return f"{local:%Y-%m-%dT%H:%M:%S}+03:00"
    moment = local if clock == "eat" else local.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def _amount(amount_kes: int, style: str) -> str:
    decimals = {"one_decimal": ".0", "two_decimals": ".00", "whole": ""}
    return f"{amount_kes}{decimals[style]}"
