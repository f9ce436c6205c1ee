"""Forged callbacks: whatever is posted, nothing is confirmed and nothing is freed.

Each class of forgery is tried many times, each time differently, against a fresh deployment with
one payment waiting for its PIN and one that was paid before.
"""

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.template import read_template
from tests.support.forged_callbacks import (
    ALL,
    HINTS,
    OLD_ROUTE,
    PRICE_KES,
    UNLISTED_IP,
    WITHOUT_AUTHORITY,
    Forgery,
    Known,
    Post,
    old_route,
    success,
    unlisted_success,
)
from tests.support.lambdas import http_event
from tests.support.world import CALLBACK, World

INSTANCES = 25
TEMPLATE = read_template(Path(__file__).parents[2] / "template.yaml")
SAFARICOM_ADDRESSES: str = TEMPLATE["Parameters"]["CallbackSourceIps"]["Default"]
OTHER_PHONE = "254711222333"


@dataclass
class Scene:
    """A deployment with a payment that waits and one that was paid, and what a forger may know."""

    world: World
    known: Known

    def send(self, post: Post) -> int:
        route = OLD_ROUTE if post.path == OLD_ROUTE else CALLBACK
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
            names = old.keys() | new.keys()
            changed |= {f"{item} {name}" for name in names if old.get(name) != new.get(name)}
        return changed


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
        secret = path.rpartition("/")[2]
        known = Known(
            payment_id=payment_id,
            secret=secret,
            secret_sha256=str(world.payment(payment_id).secret_sha256),
            checkout_request_id=prompt.checkout_request_id,
            paid_id=paid_id,
            paid_secret=urlsplit(deliveries[0][0]).path.rpartition("/")[2],
            paid_body=deliveries[0][1],
            paid_receipt=str(world.payment(paid_id).receipt_number),
        )
        yield Scene(world, known)
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


LOOKS = {"version", "op_ids", "due_at", "open", "hastened_at", "evidence_heads"}
LOOKS |= {"attention", "person"}
"""Counters, and when the payment is looked at next."""


def test_there_are_more_than_twelve_classes_of_forgery() -> None:
    assert len(ALL) == len({forgery.__name__ for forgery in ALL}) >= 12


@pytest.mark.parametrize("forgery", ALL, ids=lambda each: each.__name__)
def test_a_forged_callback_confirms_nothing_and_frees_nothing(forgery: Forgery) -> None:
    for instance in range(INSTANCES):
        chance = random.Random(f"{forgery.__name__}-{instance}")
        with scene_of(seed=instance + 1) as scene:
            post = forgery(scene.known, chance)
            status = scene.send(post)
            told = f"instance {instance}: {post.body[:200]!r} -> {status}"
            assert status in (200, 400, 404, 413), told
            _assert_nothing_confirmed(scene, told)
            _assert_still_locked(scene, told)
            scene.world.status(scene.known.payment_id)
            _assert_nothing_confirmed(scene, f"after a poll, {told}")


def _assert_nothing_confirmed(scene: Scene, told: str) -> None:
    consultation = scene.world.consultation("1")
    assert consultation["status"] == "Pending", told
    assert consultation["payment_status"] == "Pending", told
    assert consultation["paid_payment_id"] is None, told
    assert consultation["active_payment_id"] == scene.known.payment_id, told
    payment = scene.world.payment(scene.known.payment_id)
    assert payment.status in ("pending", "review"), told
    assert not {"PaymentCompleted", "PaymentFailed"} & set(
        scene.world.events(scene.known.payment_id)
    )
    other = scene.world.payment(scene.known.paid_id)
    assert (other.status, other.receipt_number) == ("completed", scene.known.paid_receipt), told


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
            assert scene.send(forgery(scene.known, chance)) == 404
        assert scene.changes(before) == set()


@pytest.mark.parametrize("forgery", WITHOUT_AUTHORITY, ids=lambda each: each.__name__)
def test_a_wrong_token_and_an_unknown_payment_answer_alike(forgery: Forgery) -> None:
    with scene_of(seed=8) as scene:
        answers = set()
        for instance in range(INSTANCES):
            post = forgery(scene.known, random.Random(instance))
            event = http_event("POST", CALLBACK, path=post.path, body=post.body)
            event["requestContext"]["requestId"] = f"request-{instance}"
            answers.add(json.dumps(scene.world.function("callback").invoke(event)))
        assert len(answers) == 1


@pytest.mark.parametrize("forgery", HINTS, ids=lambda each: each.__name__)
def test_a_hint_changes_only_when_we_look(forgery: Forgery) -> None:
    for instance in range(INSTANCES):
        with scene_of(seed=instance + 1) as scene:
            before = scene.stored()
            assert scene.send(forgery(scene.known, random.Random(instance))) == 200
            changed = scene.changes(before)
            allowed = {f"PAY/STATE {name}" for name in LOOKS | {"hint"}}
            filed = ("PAY/EVIDENCE", "HINT/")
            assert {each for each in changed if not each.startswith(filed)} <= allowed


def test_the_old_route_changes_only_when_we_look() -> None:
    for instance in range(INSTANCES):
        with scene_of(seed=instance + 1) as scene:
            before = scene.stored()
            assert scene.send(old_route(scene.known, random.Random(instance))) == 200
            changed = {each for each in scene.changes(before) if not each.startswith("QUERY/")}
            assert changed <= {f"PAY/STATE {name}" for name in LOOKS}


def test_an_unlisted_address_with_the_right_token_is_counted_and_named(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """So that whoever keeps the list knows which address to ask Safaricom about."""
    with scene_of(seed=3) as scene:
        capsys.readouterr()
        post = unlisted_success(scene.known, random.Random(1))
        scene.send(post)
        assert '"CallbackFromUnlistedAddress":[1.0]' in capsys.readouterr().out
    assert [vars(line)["source_ip"] for line in caplog.records if "unlisted" in line.message] == [
        post.source_ip
    ]


@pytest.mark.parametrize("forgery", WITHOUT_AUTHORITY, ids=lambda each: each.__name__)
def test_the_address_of_a_post_without_authority_is_not_logged(
    forgery: Forgery, caplog: pytest.LogCaptureFixture
) -> None:
    with scene_of(seed=3) as scene:
        caplog.clear()
        scene.send(replace(forgery(scene.known, random.Random(1)), source_ip=UNLISTED_IP))
        assert not [line for line in caplog.records if UNLISTED_IP in str(vars(line))]


def test_the_same_scene_does_confirm_when_safaricom_says_so() -> None:
    """The tests above can fail: the untouched message of the same scene confirms."""
    for instance in range(5):
        with scene_of(seed=instance + 1) as scene:
            post = Post(scene.known.path(), success(scene.known, random.Random(instance)))
            assert scene.send(post) == 200
            assert scene.world.consultation("1")["status"] == "Confirmed"
            assert scene.world.payment(scene.known.payment_id).status == "completed"
