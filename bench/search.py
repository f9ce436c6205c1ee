"""What the desk's search reads in a large table: keys and indexes only, and never a Scan.

On the in-memory engine, which counts units as DynamoDB does. Each text goes through the desk's own
route; reading the member of staff is one of the gets.
"""

from collections import Counter
from typing import Any

from payments.aws.token_families import STAFF_AUDIENCE
from payments.protocol.staff import Role, Staff
from payments.store.instructions import Instruction
from payments.store.staff import StaffRegister

from bench.growth import filled_world
from tests.support.aws import STAFF_SECRET
from tests.support.tokens import token_of
from tests.support.world import World

PAYMENTS = 200_000
BOOKING = "template"
NOTHING = "no such text"
ROUTE = "/api/desk/search"


def measure(payments: int = PAYMENTS) -> dict[str, Any]:
    """Return read units and calls by what was typed. Errors: RuntimeError where it is not found."""
    world = filled_world(payments)
    world.engine.counts_units = True
    headers = {"Authorization": f"Bearer {_signed_in(world)}"}
    try:
        found = {kind: _search(world, text, headers) for kind, text in _texts(world).items()}
    finally:
        world.close()
    return {"payments": payments, "searches": found}


def _texts(world: World) -> dict[str, str]:
    """What staff may type about the first payment of the table."""
    store = world.function("desk").module.runtime.services.store
    [payment_id] = store.get_consultation(BOOKING).payment_ids
    payment = store.get_payment(payment_id)
    return {
        "a payment's id": payment_id,
        "a receipt": str(payment.receipt_number),
        "a phone number": f"0{str(payment.phone_number)[3:]}",
        "a booking": BOOKING,
        "an account reference": str(payment.account_reference),
        "a CheckoutRequestID": str(payment.checkout_request_id),
        "a text that fits nothing": NOTHING,
    }


def _search(world: World, text: str, headers: dict[str, str]) -> dict[str, float]:
    units, calls = world.engine.units["read"], Counter(world.engine.calls)
    answer = world.call("desk", "GET", ROUTE, path=ROUTE, query={"q": text}, headers=headers)
    if answer.status != 200 or len(answer.body["payments"]) != (text != NOTHING):
        raise RuntimeError(f"the search for {text!r} answered {answer}")
    made = Counter(world.engine.calls) - calls
    return {
        "read_units": world.engine.units["read"] - units,
        "queries": made["Query"],
        "gets": made["GetItem"] + made["BatchGetItem"],
        "scans": made["Scan"],
    }


def _signed_in(world: World) -> str:
    """A viewer's token."""
    now = int(world.clock())
    runtime = world.function("desk").module.runtime
    viewer = Staff(sub="v", name="V", role=Role.VIEWER, is_active=True, tokens_from=now)
    note = Instruction(at=now, by="operator:bench", reason="new", asked="staff add", request_id="r")
    StaffRegister(runtime.table).put(viewer, note)
    claims = {"sub": "v", "iss": STAFF_AUDIENCE, "aud": STAFF_AUDIENCE}
    return token_of({**claims, "iat": now, "exp": now + 3600}, STAFF_SECRET)
