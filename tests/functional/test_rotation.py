"""Secrets change under warm functions: nothing is deployed, and no customer notices for long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from payments.aws.secrets import CACHE_SECONDS
from payments.protocol.payment import PaymentStatus

from simulator.core.config import App
from tests.functional.faulty import QUERY_PATH
from tests.support.aws import DARAJA_SECRET_ARN, PEPPER_SECRET_ARN
from tests.support.world import World

NEW_PASSKEY = "a-passkey-that-safaricom-just-sent"
NEW_APP = App("new-consumer-key", "new-consumer-secret")


@pytest.fixture
def world() -> Iterator[World]:
    """Four bookings, and functions that have read every secret."""
    made = World(seed=4)
    for number in range(4):
        made.register(f"b{number}", client_id=f"c{number}")
    assert pay(made, 0) == 200
    yield made
    made.close()


def pay(world: World, number: int) -> int:
    """One customer, one booking, one phone; the answer's status."""
    phone = f"25471122233{number}"
    world.daraja.set_next("pays+callback_lost")
    return world.initiate(f"b{number}", client_id=f"c{number}", phone=phone).status


def change_passkey(world: World) -> None:
    """Safaricom takes the new one only, and it stands in the secret."""
    daraja = world.daraja.world
    merchants = tuple(replace(each, passkey=NEW_PASSKEY) for each in daraja.config.merchants)
    daraja.config = replace(daraja.config, merchants=merchants)
    world.secrets.values[DARAJA_SECRET_ARN]["SAFARICOM_PASSKEY"] = NEW_PASSKEY


def statuses(world: World) -> set[PaymentStatus]:
    """Of every payment there is."""
    states = [item for item in world.items("PAY#") if item["sk"] == "STATE"]
    return {PaymentStatus(each["status"]) for each in states}


def test_a_new_passkey_is_used_within_five_minutes(world: World) -> None:
    warm = world.function("stk_push")
    change_passkey(world)
    world.pass_time(CACHE_SECONDS)
    assert pay(world, 1) == 200
    assert world.function("stk_push") is warm


def test_a_passkey_that_is_refused_is_read_again_for_the_next_push(world: World) -> None:
    change_passkey(world)
    assert pay(world, 1) == 502
    assert pay(world, 2) == 200
    assert len(world.daraja.prompts()) == 2, "a refused push prompts nobody"


def test_payments_under_way_are_settled_with_the_new_passkey(world: World) -> None:
    """A question may be refused meanwhile; nothing follows from that, and the next is answered."""
    world.pass_time(30)
    world.clean_up()
    assert world.daraja.journal.entries(kind="request", path=QUERY_PATH), "the old one was used"
    change_passkey(world)
    world.pass_time(CACHE_SECONDS + 60, cleans_up=True)
    assert statuses(world) == {PaymentStatus.COMPLETED}


def test_a_new_consumer_key_is_used_though_the_old_one_is_withdrawn(world: World) -> None:
    daraja = world.daraja.world
    daraja.config = replace(daraja.config, apps=(NEW_APP,))
    world.daraja.revoke_tokens()
    world.secrets.values[DARAJA_SECRET_ARN] |= {
        "SAFARICOM_CONSUMER_KEY": NEW_APP.consumer_key,
        "SAFARICOM_CONSUMER_SECRET": NEW_APP.consumer_secret,
    }
    world.pass_time(CACHE_SECONDS)
    assert pay(world, 1) == 200


def test_with_a_new_pepper_the_phones_counters_start_again(world: World) -> None:
    before = {item["pk"] for item in world.items("PHONE#")}
    world.secrets.values[PEPPER_SECRET_ARN]["PHONE_PEPPER"] = "another pepper"
    world.pass_time(CACHE_SECONDS)
    world.register("b9", client_id="c9")
    assert world.initiate("b9", client_id="c9", phone="254711222330").status == 200
    assert len({item["pk"] for item in world.items("PHONE#")} - before) == 1
