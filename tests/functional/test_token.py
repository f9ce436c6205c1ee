"""One OAuth token for all Lambdas: Daraja forgets the old one whenever a new one is asked for."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from simulator.core import HttpRequest
from simulator.core.config import Config
from tests.functional.faulty import HOUR, PUSH_PATH, QUERY_PATH, CrashError, meanwhile
from tests.functional.scene import Scene

TOKEN_PATH = "/oauth/v1/generate"


def fetches(scene: Scene) -> int:
    """How often Daraja was asked for a token."""
    return scene.line.paths.count(TOKEN_PATH)


def void_the_token(scene: Scene) -> None:
    """Somebody outside asks for a token, and ours is void."""
    app = Config().apps[0]
    pair = base64.b64encode(f"{app.consumer_key}:{app.consumer_secret}".encode()).decode()
    request = HttpRequest(
        method="GET",
        path=TOKEN_PATH,
        headers={"Authorization": f"Basic {pair}"},
        body=b"",
        query={"grant_type": "client_credentials"},
    )
    assert scene.daraja.handle(request).status == 200


def initiate_cold(scene: Scene, number: int) -> Any:
    """Another customer, another phone, a Lambda instance that has never run."""
    scene.register(f"b{number}", client_id=f"c{number}")
    scene._lambdas["stk_push"] = scene.fresh_function("stk_push")
    return scene.initiate(f"b{number}", client_id=f"c{number}", phone=f"2547111111{number:02d}")


def test_all_instances_share_one_token_for_its_whole_life(scene: Scene) -> None:
    for number in range(10):
        assert initiate_cold(scene, number).status == 200
        scene.pass_time(300, cleans_up=True)
    assert fetches(scene) == 1


def test_a_token_is_fetched_anew_before_it_expires(scene: Scene) -> None:
    initiate_cold(scene, 0)
    scene.pass_time(HOUR)
    assert initiate_cold(scene, 1).status == 200
    assert fetches(scene) == 2


def test_two_instances_that_need_a_token_at_once_fetch_one(scene: Scene) -> None:
    """The second runs whole while the first one's lease is on its way."""
    writes = frozenset({"UpdateItem"})
    scene.network.next(meanwhile(lambda: initiate_cold(scene, 1)), on=writes, skip=1)
    assert initiate_cold(scene, 0).status == 200
    assert fetches(scene) == 1
    assert len(scene.daraja.prompts()) == 2


def test_a_fetch_that_failed_gives_the_lease_up_at_once(scene: Scene) -> None:
    scene.line.is_down = True
    assert initiate_cold(scene, 0).status == 503
    scene.line.is_down = False
    assert initiate_cold(scene, 1).status == 200


def test_a_failed_fetch_of_the_next_token_gives_the_lease_up_at_once(scene: Scene) -> None:
    initiate_cold(scene, 0)
    scene.pass_time(HOUR)
    scene.line.is_down = True
    assert initiate_cold(scene, 1).status == 503
    scene.line.is_down = False
    assert initiate_cold(scene, 2).status == 200


def test_a_lease_whose_holder_died_ends_by_itself(scene: Scene) -> None:
    scene.line.before[TOKEN_PATH] = scene.line.crash
    with pytest.raises(CrashError):
        initiate_cold(scene, 0)
    assert initiate_cold(scene, 1).status == 503, "somebody may still be fetching"
    scene.pass_time(15)
    assert initiate_cold(scene, 2).status == 200


def test_a_token_that_another_instance_fetches_is_waited_for_five_seconds(scene: Scene) -> None:
    scene.line.before[TOKEN_PATH] = scene.line.crash
    with pytest.raises(CrashError):
        initiate_cold(scene, 0)
    began = scene.clock()
    assert initiate_cold(scene, 1).status == 503
    assert scene.clock() - began == 5


def test_a_rejected_token_is_read_again_before_another_is_fetched(scene: Scene) -> None:
    """A warm instance holds a token that another one has replaced meanwhile."""
    initiate_cold(scene, 0)
    warm = scene.function("stk_push")
    void_the_token(scene)
    assert initiate_cold(scene, 1).status == 200
    assert fetches(scene) == 2
    scene._lambdas["stk_push"] = warm
    scene.register("again", client_id="c9")
    assert scene.initiate("again", client_id="c9", phone="254711111199").status == 200
    assert fetches(scene) == 2
    assert len(scene.daraja.prompts()) == 3


def test_a_push_refused_for_its_token_is_sent_once_more_and_prompts_once(scene: Scene) -> None:
    initiate_cold(scene, 0)
    void_the_token(scene)
    scene.line.paths.clear()
    assert initiate_cold(scene, 1).status == 200
    assert scene.line.paths == [PUSH_PATH, TOKEN_PATH, PUSH_PATH]
    assert len(scene.daraja.prompts()) == 2


def test_where_no_second_token_comes_the_customer_reads_that_mpesa_is_busy(scene: Scene) -> None:
    initiate_cold(scene, 0)
    void_the_token(scene)

    def goes_down() -> None:
        scene.line.is_down = True

    scene.line.after[PUSH_PATH] = goes_down
    payment_id = initiate_cold(scene, 1).body["payment_id"]
    shown = scene.status(payment_id, client_id="c1").body
    assert shown["status"] == "failed"
    busy = "M-PESA is busy. You were not charged. Please try again shortly."
    assert shown["customer_message"] == busy
    assert len(scene.daraja.prompts()) == 1


def test_a_query_refused_for_its_token_is_asked_once_more(scene: Scene) -> None:
    payment_id = scene.pay("pays+callback_lost")
    void_the_token(scene)
    scene.pass_time(130)
    scene.line.paths.clear()
    assert scene.status(payment_id).body["status"] == "completed"
    assert scene.line.paths == [QUERY_PATH, TOKEN_PATH, QUERY_PATH]
