"""Forged callbacks: whatever is posted, nothing is confirmed and nothing is freed.

Each class of forgery is tried many times, each time differently, against a fresh deployment with
one payment waiting for its PIN and one that was paid before.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.template import read_template
from tests.world import World
from tests.world.lambdas import LISTED_IP, UNLISTED_IP, http_event
from tests.world.world import CALLBACK, OLD_CALLBACK

INSTANCES = 25
TEMPLATE = read_template(Path(__file__).parents[2] / "template.yaml")
SAFARICOM_ADDRESSES: str = TEMPLATE["Parameters"]["CallbackSourceIps"]["Default"]
PHONE = "254708374149"
OTHER_PHONE = "254711222333"
PRICE_KES = 1000
DIGITS = "0123456789abcdef"


@dataclass(frozen=True)
class Post:
    """One HTTP request to a callback route."""

    path: str
    body: str
    source_ip: str = LISTED_IP
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Scene:
    """A deployment with a payment that waits and one that was paid, and what a forger may know."""

    world: World
    payment_id: str
    token: str
    checkout_request_id: str
    paid_id: str
    paid_token: str
    paid_body: bytes
    paid_receipt: str

    def path(self, token: str | None = None, payment_id: str | None = None) -> str:
        return f"/api/payment/callback/{payment_id or self.payment_id}/{token or self.token}"

    def send(self, post: Post) -> int:
        route = OLD_CALLBACK if post.path == OLD_CALLBACK else CALLBACK
        event = http_event(
            "POST",
            route,
            path=post.path,
            body=post.body,
            headers=post.headers,
            source_ip=post.source_ip,
            now=self.world.clock(),
        )
        return self.world.answer(self.world.function("callback").invoke(event)).status

    def stored(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {(item["pk"], item["sk"]): item for item in self.world.items("")}

    def changes(self, before: Mapping[tuple[str, str], dict[str, Any]]) -> set[str]:
        """Returns "item attribute" of all that is stored differently now."""
        after = self.stored()
        changed: set[str] = set()
        for key in before.keys() | after.keys():
            old, new = before.get(key, {}), after.get(key, {})
            item = key[0].split("#")[0] + "/" + key[1].split("#")[0]
            changed |= {
                f"{item} {name}" for name in old.keys() | new.keys() if _differ(old, new, name)
            }
        return changed


def _differ(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> bool:
    return bool(old.get(name) != new.get(name))


@contextmanager
def scene_of(seed: int) -> Iterator[Scene]:
    world = World(seed, environment={"CALLBACK_SOURCE_IPS": SAFARICOM_ADDRESSES})
    try:
        world.register("2", client_id="8", price_kes=PRICE_KES)
        paid_id = world.initiate("2", client_id="8", phone=OTHER_PHONE).body["payment_id"]
        world.pass_time(3)
        world.enter_pin(phone=OTHER_PHONE)
        deliveries = _deliveries(world)
        assert world.payment(paid_id).status == "completed"
        world.register("1", client_id="7", price_kes=PRICE_KES)
        payment_id = world.initiate("1", client_id="7").body["payment_id"]
        world.pass_time(3)
        prompt = world.daraja.prompts()[-1]
        path = urlsplit(prompt.order.callback_url).path
        yield Scene(
            world=world,
            payment_id=payment_id,
            token=path.rpartition("/")[2],
            checkout_request_id=prompt.checkout_request_id,
            paid_id=paid_id,
            paid_token=urlsplit(deliveries[0][0]).path.rpartition("/")[2],
            paid_body=deliveries[0][1],
            paid_receipt=str(world.payment(paid_id).receipt_number),
        )
    finally:
        world.close()


def _deliveries(world: World) -> list[tuple[str, bytes]]:
    """Lets Daraja deliver its next callback, and returns what it delivered."""
    found: list[tuple[str, bytes]] = []
    while not found:
        world.clock.sleep(1)
        for delivery in world.daraja.due_callbacks():
            world.deliver(delivery)
            found.append((delivery.url, bytes(delivery.body)))
    return found


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


ABSENT = object()


def success(scene: Scene, chance: random.Random, **changes: object) -> str:
    """What Safaricom would post if the customer had paid."""
    return json.dumps(callback(scene.checkout_request_id, items=paid_items(chance, **changes)))


# -- the classes of forgery


def wrong_token(scene: Scene, chance: random.Random) -> Post:
    return Post(scene.path(token="".join(chance.choices(DIGITS, k=64))), success(scene, chance))


def nearly_the_token(scene: Scene, chance: random.Random) -> Post:
    at = chance.randrange(64)
    other = chance.choice([digit for digit in DIGITS if digit != scene.token[at]])
    near = scene.token[:at] + other + scene.token[at + 1 :]
    token = chance.choice(
        [
            near,
            scene.token[:at],
            scene.token + chance.choice(DIGITS),
            scene.token.upper(),
            scene.token + "/",
            scene.token + "%00",
            scene.token + "\n",
            scene.token[::-1],
            "..%2f" + scene.token,
            f"{scene.token}/../{scene.token[:-1]}0",
            "",
        ]
    )
    if token == scene.token:  # a token without letters has no upper case
        token = near
    return Post(f"/api/payment/callback/{scene.payment_id}/{token}", success(scene, chance))


def token_of_another_payment(scene: Scene, chance: random.Random) -> Post:
    body = chance.choice([success(scene, chance), scene.paid_body.decode()])
    return Post(scene.path(token=scene.paid_token), body)


def hash_for_token(scene: Scene, chance: random.Random) -> Post:
    """Somebody who read the table knows the hash, not the token."""
    stored = scene.world.payment(scene.payment_id).token_sha256
    return Post(scene.path(token=stored), success(scene, chance))


def unknown_payment(scene: Scene, chance: random.Random) -> Post:
    unknown = "".join(chance.choices(DIGITS, k=32))
    return Post(scene.path(payment_id=unknown), success(scene, chance))


def unlisted_success(scene: Scene, chance: random.Random) -> Post:
    address = chance.choice([UNLISTED_IP, "196.201.212.1", "127.0.0.1", "::1", "10.0.0.1", ""])
    return Post(scene.path(), success(scene, chance), source_ip=address)


def unlisted_failure(scene: Scene, chance: random.Random) -> Post:
    code = chance.choice([1, 1032, "1032", 1037, 1019, 2001, 1025, "SFC_IC0003", 17])
    body = json.dumps(callback(scene.checkout_request_id, code=code))
    return Post(scene.path(), body, source_ip=UNLISTED_IP)


def spoofed_address(scene: Scene, chance: random.Random) -> Post:
    names = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"]
    values = [
        LISTED_IP,
        f"{LISTED_IP}, {UNLISTED_IP}",
        f"for={LISTED_IP}",
        f"{UNLISTED_IP}, {LISTED_IP}",
    ]
    headers = {name: chance.choice(values) for name in chance.sample(names, k=3)}
    return Post(scene.path(), success(scene, chance), source_ip=UNLISTED_IP, headers=headers)


def wrong_id(scene: Scene, chance: random.Random) -> Post:
    moment = f"{chance.randrange(10**17):017d}"
    identifier = chance.choice(
        [
            f"ws_CO_{moment}{PHONE[-9:]}",
            scene.checkout_request_id[:-1] + str(chance.randrange(10)) + "1",
            json.loads(scene.paid_body)["Body"]["stkCallback"]["CheckoutRequestID"],
            scene.payment_id,
            scene.checkout_request_id.lower() + "_",
        ]
    )
    return Post(scene.path(), json.dumps(callback(identifier, items=paid_items(chance))))


def wrong_amount(scene: Scene, chance: random.Random) -> Post:
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
    return Post(scene.path(), success(scene, chance, Amount=amount))


def wrong_receipt(scene: Scene, chance: random.Random) -> Post:
    receipt = chance.choice(
        [
            scene.paid_receipt,
            scene.paid_receipt.lower(),
            f" {scene.paid_receipt} ",
            "",
            None,
            "A",
            "x" * 100,
            "UIL0-5A59R",
            1234567890,
            [scene.paid_receipt],
            ABSENT,
            True,
        ]
    )
    return Post(scene.path(), success(scene, chance, MpesaReceiptNumber=receipt))


def wrong_code(scene: Scene, chance: random.Random) -> Post:
    code = chance.choice(
        [
            4999,
            "4999",
            "00",
            "0.0",
            0.0,
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
    body = callback(scene.checkout_request_id, code=code, items=paid_items(chance))
    return Post(scene.path(), json.dumps(body))


def replayed(scene: Scene, chance: random.Random) -> Post:
    """Safaricom's own words about the other payment, sent again to either address."""
    own = scene.path(token=scene.paid_token, payment_id=scene.paid_id)
    return Post(chance.choice([scene.path(), own]), scene.paid_body.decode())


def replayed_with_changes(scene: Scene, chance: random.Random) -> Post:
    """The other payment's result, made to look like this one's."""
    document = json.loads(scene.paid_body)
    result = document["Body"]["stkCallback"]
    result["CheckoutRequestID"] = scene.checkout_request_id
    return Post(scene.path(), json.dumps(document))


def old_route(scene: Scene, chance: random.Random) -> Post:
    code = chance.choice([0, 1, 1032, 1037, "0"])
    items = paid_items(chance) if code in (0, "0") else None
    body = json.dumps(callback(scene.checkout_request_id, code=code, items=items))
    return Post(OLD_CALLBACK, body, source_ip=chance.choice([LISTED_IP, UNLISTED_IP]))


def oversize(scene: Scene, chance: random.Random) -> Post:
    size = chance.choice([8193, 9000, 65_536, 1_000_000, 6_000_000])
    body = success(scene, chance)
    padding = " " * (size - len(body))
    return Post(scene.path(), chance.choice([body + padding, padding + body]))


def nested(scene: Scene, chance: random.Random) -> Post:
    depth = chance.randrange(50, 3900)
    opening, closing = chance.choice([("[", "]"), ('{"a":', "}")])
    deep = (opening * depth + "0" + closing * depth)[: 2 * 4000]
    whole = success(scene, chance)
    body = chance.choice(
        [
            deep,
            opening * depth,
            json.dumps({"Body": {"stkCallback": "@"}}).replace('"@"', deep),
            whole.replace(str(PRICE_KES), deep),
        ]
    )
    return Post(scene.path(), body)


def duplicate_keys(scene: Scene, chance: random.Random) -> Post:
    body = success(scene, chance)
    failed = json.dumps(callback(scene.checkout_request_id, code=1032))[1:]
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
    return Post(scene.path(), text)


def not_a_number(scene: Scene, chance: random.Random) -> Post:
    value = chance.choice(
        ["NaN", "Infinity", "-Infinity", "1e999999", "9" * 4400, "-0", "1E400", "0x10"]
    )
    body = success(scene, chance)
    place = chance.choice(['"Value": 1000', '"Value": 20260921171326', f'"Value": {PHONE}'])
    if value in ("-0", "1E400", "1e999999"):  # numbers of JSON, so only a wrong amount is forged
        place = '"Value": 1000'
    return Post(scene.path(), body.replace(place, f'"Value": {value}'))


def not_a_callback(scene: Scene, chance: random.Random) -> Post:
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
            success(scene, chance)[: chance.randrange(10, 300)],
        ]
    )
    return Post(scene.path(), body)


type Forgery = Callable[[Scene, random.Random], Post]

WITHOUT_AUTHORITY: tuple[Forgery, ...] = (
    wrong_token,
    nearly_the_token,
    token_of_another_payment,
    hash_for_token,
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
"""Safaricom's address and the right token, but facts that do not fit."""
ALL = (*WITHOUT_AUTHORITY, *HINTS, *UNREADABLE, *AUTHENTIC_BUT_WRONG, old_route)

LOOKS = {"version", "op_ids", "due_at", "open", "hastened_at", "evidence_count", "attention"}
"""Counters, and when the payment is looked at next."""


def test_there_are_more_than_twelve_classes_of_forgery() -> None:
    assert len(ALL) == len({forgery.__name__ for forgery in ALL}) >= 12


@pytest.mark.parametrize("forgery", ALL, ids=lambda each: each.__name__)
def test_a_forged_callback_confirms_nothing_and_frees_nothing(forgery: Forgery) -> None:
    for instance in range(INSTANCES):
        chance = random.Random(f"{forgery.__name__}-{instance}")
        with scene_of(seed=instance + 1) as scene:
            post = forgery(scene, chance)
            status = scene.send(post)
            told = f"instance {instance}: {post.body[:200]!r} -> {status}"
            assert status in (200, 400, 404, 413), told
            _assert_nothing_confirmed(scene, told)
            _assert_still_locked(scene, told)
            scene.world.status(scene.payment_id)
            _assert_nothing_confirmed(scene, f"after a poll, {told}")


def _assert_nothing_confirmed(scene: Scene, told: str) -> None:
    consultation = scene.world.consultation("1")
    assert consultation["status"] == "Pending", told
    assert consultation["payment_status"] == "Pending", told
    assert consultation["paid_payment_id"] is None, told
    assert consultation["active_payment_id"] == scene.payment_id, told
    payment = scene.world.payment(scene.payment_id)
    assert payment.status in ("pending", "review"), told
    assert not {"PaymentCompleted", "PaymentFailed"} & set(scene.world.events(scene.payment_id))
    other = scene.world.payment(scene.paid_id)
    assert (other.status, other.receipt_number) == ("completed", scene.paid_receipt), told


def _assert_still_locked(scene: Scene, told: str) -> None:
    """Another prompt for the booking stays impossible, from another phone too."""
    again = scene.world.initiate("1", client_id="7", phone="254733444555")
    assert again.status == 409, told
    assert again.body["code"] in ("payment_in_progress", "payment_under_review"), told


@pytest.mark.parametrize("forgery", WITHOUT_AUTHORITY, ids=lambda each: each.__name__)
def test_a_post_without_authority_writes_nothing(forgery: Forgery) -> None:
    with scene_of(seed=7) as scene:
        before = scene.stored()
        for instance in range(INSTANCES):
            chance = random.Random(f"{forgery.__name__}-write-{instance}")
            assert scene.send(forgery(scene, chance)) == 404
        assert scene.changes(before) == set()


@pytest.mark.parametrize("forgery", WITHOUT_AUTHORITY, ids=lambda each: each.__name__)
def test_a_wrong_token_and_an_unknown_payment_answer_alike(forgery: Forgery) -> None:
    with scene_of(seed=8) as scene:
        answers = set()
        for instance in range(INSTANCES):
            post = forgery(scene, random.Random(instance))
            event = http_event("POST", CALLBACK, path=post.path, body=post.body)
            event["requestContext"]["requestId"] = f"request-{instance}"
            answers.add(json.dumps(scene.world.function("callback").invoke(event)))
        assert len(answers) == 1


@pytest.mark.parametrize("forgery", HINTS, ids=lambda each: each.__name__)
def test_a_hint_changes_only_when_we_look(forgery: Forgery) -> None:
    for instance in range(INSTANCES):
        with scene_of(seed=instance + 1) as scene:
            before = scene.stored()
            assert scene.send(forgery(scene, random.Random(instance))) == 200
            changed = scene.changes(before)
            allowed = {f"PAY/STATE {name}" for name in LOOKS | {"hint"}}
            assert {each for each in changed if not each.startswith("PAY/EVIDENCE")} <= allowed


def test_the_old_route_changes_only_when_we_look() -> None:
    for instance in range(INSTANCES):
        with scene_of(seed=instance + 1) as scene:
            before = scene.stored()
            assert scene.send(old_route(scene, random.Random(instance))) == 200
            changed = {each for each in scene.changes(before) if not each.startswith("QUERY/")}
            assert changed <= {f"PAY/STATE {name}" for name in LOOKS}


def test_an_unlisted_address_with_the_right_token_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with scene_of(seed=3) as scene:
        capsys.readouterr()
        scene.send(unlisted_success(scene, random.Random(1)))
        assert '"CallbackFromUnlistedAddress":[1.0]' in capsys.readouterr().out


def test_the_same_scene_does_confirm_when_safaricom_says_so() -> None:
    """The tests above can fail: the untouched message of the same scene confirms."""
    for instance in range(5):
        with scene_of(seed=instance + 1) as scene:
            post = Post(scene.path(), success(scene, random.Random(instance)))
            assert scene.send(post) == 200
            assert scene.world.consultation("1")["status"] == "Confirmed"
            assert scene.world.payment(scene.payment_id).status == "completed"
