"""The classes of forged callback: each makes as many different ones as are asked for.

Shared by the tests in one process and those through the deployed API.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

LISTED_IP = "196.201.214.200"
UNLISTED_IP = "41.90.64.12"
OLD_ROUTE = "/api/payment/mpesa/callback"
PHONE = "254708374149"
PRICE_KES = 1000
DIGITS = "0123456789abcdef"
ABSENT = object()


@dataclass(frozen=True)
class Post:
    """One HTTP request to a callback route."""

    path: str
    body: str
    source_ip: str = LISTED_IP
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """What the best informed forger may know of a payment that waits and of one that was paid."""

    payment_id: str
    secret: str
    secret_sha256: str
    checkout_request_id: str
    paid_id: str
    paid_secret: str
    paid_body: bytes
    paid_receipt: str

    def path(self, secret: str | None = None, payment_id: str | None = None) -> str:
        return f"/api/payment/callback/{payment_id or self.payment_id}/{secret or self.secret}"


def callback(
    checkout_request_id: object, *, code: object = 0, items: Mapping[str, object] | None = None
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "MerchantRequestID": "645b-e911-5799-e211f6506d7e2628",
        "CheckoutRequestID": checkout_request_id,
        "ResultCode": code,
        "ResultDesc": "The service request is processed successfully.",
    }
    if items is not None:
        listed = [{"Name": name, "Value": value} for name, value in items.items()]
        result["CallbackMetadata"] = {"Item": listed}
    return {"Body": {"stkCallback": result}}


def paid_items(chance: random.Random, **changes: object) -> dict[str, object]:
    items: dict[str, object] = {
        "Amount": PRICE_KES,
        "MpesaReceiptNumber": "U" + "".join(chance.choices("ABCDEFGHJK0123456789", k=9)),
        "TransactionDate": 20260921171326,
        "PhoneNumber": int(PHONE),
    }
    return {name: value for name, value in (items | changes).items() if value is not ABSENT}


def success(known: Known, chance: random.Random, **changes: object) -> str:
    """What Safaricom would post if the customer had paid."""
    return json.dumps(callback(known.checkout_request_id, items=paid_items(chance, **changes)))


# -- the classes of forgery


def wrong_secret(known: Known, chance: random.Random) -> Post:
    return Post(known.path(secret="".join(chance.choices(DIGITS, k=64))), success(known, chance))


def nearly_the_secret(known: Known, chance: random.Random) -> Post:
    at = chance.randrange(64)
    other = chance.choice([digit for digit in DIGITS if digit != known.secret[at]])
    near = known.secret[:at] + other + known.secret[at + 1 :]
    secret = chance.choice(
        [
            near,
            known.secret[:at],
            known.secret + chance.choice(DIGITS),
            known.secret.upper(),
            known.secret + "/",
            known.secret + "%00",
            known.secret + "\n",
            known.secret[::-1],
            "..%2f" + known.secret,
            f"{known.secret}/../{known.secret[:-1]}0",
            "",
        ]
    )
    if secret == known.secret:  # a secret without letters has no upper case
        secret = near
    return Post(f"/api/payment/callback/{known.payment_id}/{secret}", success(known, chance))


def secret_of_another_payment(known: Known, chance: random.Random) -> Post:
    body = chance.choice([success(known, chance), known.paid_body.decode()])
    return Post(known.path(secret=known.paid_secret), body)


def hash_for_secret(known: Known, chance: random.Random) -> Post:
    """Somebody who read the table knows the hash, not the secret."""
    stored = known.secret_sha256
    return Post(known.path(secret=stored), success(known, chance))


def unknown_payment(known: Known, chance: random.Random) -> Post:
    unknown = "".join(chance.choices(DIGITS, k=32))
    return Post(known.path(payment_id=unknown), success(known, chance))


def unlisted_success(known: Known, chance: random.Random) -> Post:
    address = chance.choice([UNLISTED_IP, "196.201.212.1", "127.0.0.1", "::1", "10.0.0.1", ""])
    return Post(known.path(), success(known, chance), source_ip=address)


def unlisted_failure(known: Known, chance: random.Random) -> Post:
    code = chance.choice([1, 1032, "1032", 1037, 1019, 2001, 1025, "SFC_IC0003", 17])
    body = json.dumps(callback(known.checkout_request_id, code=code))
    return Post(known.path(), body, source_ip=UNLISTED_IP)


def spoofed_address(known: Known, chance: random.Random) -> Post:
    names = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"]
    values = [
        LISTED_IP,
        f"{LISTED_IP}, {UNLISTED_IP}",
        f"for={LISTED_IP}",
        f"{UNLISTED_IP}, {LISTED_IP}",
    ]
    headers = {name: chance.choice(values) for name in chance.sample(names, k=3)}
    return Post(known.path(), success(known, chance), source_ip=UNLISTED_IP, headers=headers)


def wrong_id(known: Known, chance: random.Random) -> Post:
    moment = f"{chance.randrange(10**17):017d}"
    identifier = chance.choice(
        [
            f"ws_CO_{moment}{PHONE[-9:]}",
            known.checkout_request_id[:-1] + str(chance.randrange(10)) + "1",
            json.loads(known.paid_body)["Body"]["stkCallback"]["CheckoutRequestID"],
            known.payment_id,
            known.checkout_request_id.lower() + "_",
        ]
    )
    return Post(known.path(), json.dumps(callback(identifier, items=paid_items(chance))))


def wrong_amount(known: Known, chance: random.Random) -> Post:
    amount = chance.choice(
        [
            1,
            999,
            1001,
            999.99,
            1000.01,
            0,
            -1000,
            10**12,
            "999",
            "1,000",
            "KES 1000",
            None,
            True,
            [],
            {},
            ABSENT,
            chance.randrange(1, 999),
            chance.randrange(1001, 10**6),
            1e3 + 0.5,
            1e300,
        ]
    )
    return Post(known.path(), success(known, chance, Amount=amount))


def wrong_receipt(known: Known, chance: random.Random) -> Post:
    receipt = chance.choice(
        [
            known.paid_receipt,
            known.paid_receipt.lower(),
            f" {known.paid_receipt} ",
            "",
            None,
            "A",
            "x" * 100,
            "UIL0-5A59R",
            1234567890,
            [known.paid_receipt],
            ABSENT,
            True,
        ]
    )
    return Post(known.path(), success(known, chance, MpesaReceiptNumber=receipt))


def wrong_code(known: Known, chance: random.Random) -> Post:
    code = chance.choice(
        [
            4999,
            "4999",
            "00",
            "0.0",
            0.5,
            -1,
            99999,
            10**30,
            "",
            " ",
            "O",
            "0x0",
            "zero",
            "0;0",
            None,
            True,
            False,
            [],
            {},
            [0],
            {"code": 0},
            "success",
            "\u0660",
            "0" * 25,
        ]
    )
    body = callback(known.checkout_request_id, code=code, items=paid_items(chance))
    return Post(known.path(), json.dumps(body))


def replayed(known: Known, chance: random.Random) -> Post:
    """Safaricom's own words about the other payment, sent again to either address."""
    own = known.path(secret=known.paid_secret, payment_id=known.paid_id)
    return Post(chance.choice([known.path(), own]), known.paid_body.decode())


def replayed_with_changes(known: Known, chance: random.Random) -> Post:
    """The other payment's result, made to look like this one's."""
    document = json.loads(known.paid_body)
    result = document["Body"]["stkCallback"]
    result["CheckoutRequestID"] = known.checkout_request_id
    return Post(known.path(), json.dumps(document))


def old_route(known: Known, chance: random.Random) -> Post:
    code = chance.choice([0, 1, 1032, 1037, "0"])
    items = paid_items(chance) if code in (0, "0") else None
    body = json.dumps(callback(known.checkout_request_id, code=code, items=items))
    return Post(OLD_ROUTE, body, source_ip=chance.choice([LISTED_IP, UNLISTED_IP]))


def oversize(known: Known, chance: random.Random) -> Post:
    size = chance.choice([8193, 9000, 65_536, 1_000_000, 6_000_000])
    body = success(known, chance)
    padding = " " * (size - len(body))
    return Post(known.path(), chance.choice([body + padding, padding + body]))


def nested(known: Known, chance: random.Random) -> Post:
    depth = chance.randrange(50, 3900)
    opening, closing = chance.choice([("[", "]"), ('{"a":', "}")])
    deep = (opening * depth + "0" + closing * depth)[: 2 * 4000]
    whole = success(known, chance)
    body = chance.choice(
        [
            deep,
            opening * depth,
            json.dumps({"Body": {"stkCallback": "@"}}).replace('"@"', deep),
            whole.replace(str(PRICE_KES), deep),
        ]
    )
    return Post(known.path(), body)


def duplicate_keys(known: Known, chance: random.Random) -> Post:
    body = success(known, chance)
    failed = json.dumps(callback(known.checkout_request_id, code=1032))[1:]
    second_amount = '{"Name": "Amount", "Value": 1}, {"Name": "Amount"'
    text = chance.choice(
        [
            body[:-1] + ", " + failed,
            body.replace('"ResultCode": 0', '"ResultCode": 1032, "ResultCode": 0'),
            body.replace('"ResultCode": 0', '"ResultCode": 0, "ResultCode": 1032'),
            body.replace('"CheckoutRequestID"', '"CheckoutRequestID": "x", "CheckoutRequestID"'),
            body.replace('{"Name": "Amount"', second_amount),
            body.replace('"Value": 1000', '"Value": 1, "Value": 1000'),
        ]
    )
    return Post(known.path(), text)


def not_a_number(known: Known, chance: random.Random) -> Post:
    value = chance.choice(
        ["NaN", "Infinity", "-Infinity", "1e999999", "9" * 4400, "-0", "1E400", "0x10"]
    )
    body = success(known, chance)
    place = chance.choice(['"Value": 1000', '"Value": 20260921171326', f'"Value": {PHONE}'])
    if value in ("-0", "1E400", "1e999999"):  # numbers of JSON, so only a wrong amount is forged
        place = '"Value": 1000'
    return Post(known.path(), body.replace(place, f'"Value": {value}'))


def not_a_callback(known: Known, chance: random.Random) -> Post:
    body = chance.choice(
        [
            "",
            " ",
            "null",
            "0",
            "[]",
            "{}",
            '"paid"',
            "paid",
            '{"Body": null}',
            '{"Body": []}',
            '{"Body": {"stkCallback": null}}',
            '{"Body": {"stkCallback": [1]}}',
            "\x00",
            "\ufeff{}",
            "ResultCode=0&CheckoutRequestID=x",
            "<xml/>",
            "{'ResultCode': 0}",
            "\ud800",
            success(known, chance)[: chance.randrange(10, 300)],
        ]
    )
    return Post(known.path(), body)


type Forgery = Callable[[Known, random.Random], Post]

WITHOUT_AUTHORITY: tuple[Forgery, ...] = (
    wrong_secret,
    nearly_the_secret,
    secret_of_another_payment,
    hash_for_secret,
    unknown_payment,
)
"""The table must not change at all."""
HINTS: tuple[Forgery, ...] = (unlisted_success, unlisted_failure, spoofed_address)
"""They may make us ask, and be kept for that."""
UNREADABLE: tuple[Forgery, ...] = (oversize, not_a_callback, wrong_id)
"""They may be kept for a person, and make us ask."""
AUTHENTIC_BUT_WRONG: tuple[Forgery, ...] = (
    wrong_amount,
    wrong_receipt,
    wrong_code,
    replayed,
    replayed_with_changes,
    nested,
    duplicate_keys,
    not_a_number,
)
"""Safaricom's address and the right secret, but facts that do not fit."""
ALL = (*WITHOUT_AUTHORITY, *HINTS, *UNREADABLE, *AUTHENTIC_BUT_WRONG, old_route)
