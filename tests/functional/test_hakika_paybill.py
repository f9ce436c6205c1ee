"""The operator registers C2B and Pull, and sees what they have brought."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functional.faulty import HOUR
from tests.functional.operator_desk import Desk
from tests.functional.test_hakika_deployment import SecretsWithTokens, desk, examine, healthy
from tests.functional.test_paybill import RECEIPT, body, confirm
from tests.support.aws import C2B_TOKEN, PAYBILL_SECRET_ARN
from tests.support.lambdas import UNLISTED_IP
from tests.support.world import World

__all__ = ["desk", "healthy"]
REGISTER = ("paybill", "register", "--yes")


def digests(world: World) -> list[str]:
    return world.secrets.values[PAYBILL_SECRET_ARN]["C2B_TOKEN_SHA256"].split()


PULL_REGISTER = ("pull", "register", "--number", "0708374149", "--yes")


@pytest.fixture
def clerk(desk: Desk) -> Desk:
    """A desk that may write secrets."""
    desk.clients["secretsmanager"] = desk.world.secrets
    return desk


def test_registering_makes_a_new_token_and_confirmations_come_to_it(
    clerk: Desk, world: World
) -> None:
    done = clerk.json(*REGISTER)
    assert (done["address"], done["version"]) == ("https://pay.example.co.ke", "v2")
    assert len(digests(world)) == 2
    receipt = world.pay_by_hand()
    [answer] = world.pass_time(5)
    assert answer.status == 200
    assert set(world.receipt_rows()) == {receipt}
    assert confirm(world)[0] == 200, "the earlier address goes on counting"


def test_no_token_is_shown(clerk: Desk, world: World) -> None:
    said = [clerk(*REGISTER), clerk("paybill", "show"), clerk("paybill", "show", "--json")]
    entry = world.daraja.journal.entries(path="/mpesa/c2b/v2/registerurl")[-1]
    url = json.loads(str(entry.facts["body"]))["ConfirmationURL"]
    token = str(url).split("/")[-2]
    assert len(token) == 64
    assert not [each for each in said if token in each.out + each.err or C2B_TOKEN in each.out]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://abc.execute-api.eu-west-1.amazonaws.com", 'contains "exe"'),
        ("https://pay.mpesa.example", 'contains "mpesa"'),
        ("https://abcmd.lambda-url.eu-west-1.on.aws", "another name"),
        ("https://execute.example", "(DomainName)"),
        ("http://pay.example.co.ke", "is not https"),
    ],
)
@pytest.mark.parametrize("line", [REGISTER, PULL_REGISTER])
def test_an_address_that_safaricom_refuses_is_not_sent(
    clerk: Desk, world: World, line: tuple[str, ...], address: str, why: str
) -> None:
    clerk.outputs["PaybillAddress"] = address
    answer = clerk(*line)
    assert answer.code == 1
    assert why in answer.err
    assert len(digests(world)) == 1
    assert world.daraja.journal.entries(kind="request") == []


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "registered already": ({"c2b_production_rules": True}, "two operators"),
    "held by an aggregator": ({"c2b_held_by_aggregator": True}, "aggregator"),
    "another product": ({"c2b_product": "v1"}, "--version v1"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_explained_and_leaves_the_tokens_as_they_were(
    clerk: Desk, world: World, case: str
) -> None:
    settings, hint = REFUSALS[case]
    assert clerk(*REGISTER).code == 0
    before = digests(world)
    world.daraja.configure(**settings)
    answer = clerk(*REGISTER)
    assert answer.code == 1
    assert hint in answer.err
    assert digests(world) == before


def test_where_the_outcome_is_not_known_the_token_counts(clerk: Desk, world: World) -> None:
    world.daraja.start_outage("reset", 60)
    answer = clerk(*REGISTER)
    assert answer.code == 1
    assert "may be registered" in answer.err
    assert len(digests(world)) == 2


def test_nothing_is_registered_without_consent(clerk: Desk, world: World) -> None:
    assert clerk("paybill", "register").code == 2
    assert clerk("paybill", "register", says=["n"]).code == 1
    assert len(digests(world)) == 1


def test_old_tokens_are_dropped_and_the_newest_stays(clerk: Desk, world: World) -> None:
    clerk(*REGISTER)
    newest = digests(world)[-1]
    assert clerk.json("paybill", "drop-old-tokens", "--yes") == {"dropped": 1}
    assert digests(world) == [newest]
    kept = world.secrets.values[PAYBILL_SECRET_ARN]["C2B_REGISTERED_AT"]
    assert kept == "https://pay.example.co.ke"
    assert clerk.json("paybill", "drop-old-tokens", "--yes") == {"dropped": 0}


def test_unproven_confirmations_of_a_week_are_shown(clerk: Desk, world: World) -> None:
    confirm(world, source_ip=UNLISTED_IP)
    [shown] = clerk.json("paybill", "show")["unproven"]
    assert (shown["receipt_number"], shown["amount_kes"]) == (RECEIPT, 1000)
    assert RECEIPT in clerk("paybill", "show").out
    world.clock.sleep(8 * 24 * HOUR)
    assert clerk.json("paybill", "show")["unproven"] == []


def test_pull_is_registered_once_and_the_number_is_not_shown(clerk: Desk) -> None:
    for _ in range(2):
        answer = clerk("pull", "register", "--number", "-", says=["0708374149", "y"])
        assert answer.code == 0, answer.err
        assert "708374149" not in answer.out + answer.err
        assert "PullTransactions=true" in answer.out


def test_a_dead_confirmation_is_listed_and_replayed(clerk: Desk, world: World) -> None:
    known = world.secrets.values[PAYBILL_SECRET_ARN]
    world.secrets.values[PAYBILL_SECRET_ARN] = {"C2B_TOKEN_SHA256": 7}  # type: ignore[dict-item]
    confirm(world, body())
    world.secrets.values[PAYBILL_SECRET_ARN] = known
    clerk.queues.dead_money = world.money_queue.messages[:]
    world.money_queue.messages.clear()
    assert clerk.json("callbacks", "replay", "--yes") == {"replayed": 1, "left": 0}
    assert world.redrive_money() == {"batchItemFailures": []}
    assert set(world.receipt_rows()) == {RECEIPT}


# -- the doctor


def pulls(desk: Desk) -> None:
    desk.world.environment = {"PULL_TRANSACTIONS": "true"}
    desk.world._lambdas.clear()


def test_the_doctor_says_what_is_missing_to_switch_pull_on(healthy: Desk) -> None:
    found = examine(healthy)["Pull"]
    assert found["health"] == "good"
    assert all(
        each in found["detail"]
        for each in ("enable Pull", "hakika pull register", "PullTransactions")
    )
    healthy.clients["cloudformation"].parameters["Environment"] = "production"
    assert examine(healthy)["Pull"]["health"] == "doubtful"


def test_the_doctor_follows_pull_from_the_first_run_on(healthy: Desk, world: World) -> None:
    pulls(healthy)
    assert examine(healthy)["Pull"]["health"] == "doubtful"
    world.register_c2b()
    world.clean_up()
    assert "no receipt that we hold" in examine(healthy)["Pull"]["detail"]
    world.pay_by_hand()
    world.pass_time(1800)
    world.clean_up()
    found = examine(healthy)["Pull"]
    assert (found["health"], "its clock is eat" in found["detail"]) == ("good", True)
    shown = healthy.json("pull", "show")
    assert (shown["is_switched_on"], shown["clock"]) == (True, "eat")
    assert shown["complete_until"] == int(world.clock())
    assert "eat" in healthy("pull", "show").out
    world.clock.sleep(3 * HOUR)
    assert examine(healthy)["Pull"]["health"] == "bad"


@pytest.mark.parametrize(
    ("address", "tokens", "health"),
    [
        ("https://pay.example.co.ke", "a" * 64, "good"),
        ("https://pay.example.co.ke", "", "doubtful"),
        ("https://abc.execute-api.eu-west-1.amazonaws.com", "a" * 64, "bad"),
    ],
)
def test_the_doctor_looks_at_the_paybills_address_and_tokens(
    healthy: Desk, address: str, tokens: str, health: str
) -> None:
    healthy.outputs["PaybillAddress"] = address
    healthy.world.secrets.values[PAYBILL_SECRET_ARN]["C2B_TOKEN_SHA256"] = tokens
    assert examine(healthy)["paybill"]["health"] == health


def test_the_doctor_notices_that_the_registered_address_is_not_this_stacks(healthy: Desk) -> None:
    healthy.clients["secretsmanager"] = healthy.world.secrets
    assert healthy(*REGISTER).code == 0
    healthy.clients["secretsmanager"] = SecretsWithTokens(healthy.world)
    assert examine(healthy)["paybill"]["health"] == "good"
    healthy.outputs["PaybillAddress"] = "https://new.example.co.ke"
    found = examine(healthy)["paybill"]
    assert found["health"] == "doubtful"
    assert "registered at https://pay.example.co.ke" in found["detail"]
    assert "hakika paybill register" in found["detail"]


@pytest.mark.parametrize("parameter", ["CallbackRateLimit", "CallbackBurstLimit"])
def test_the_doctor_finds_a_throttle_below_the_shops(healthy: Desk, parameter: str) -> None:
    parameters = healthy.clients["cloudformation"].parameters
    assert examine(healthy)["throttles"]["health"] == "good"
    parameters[parameter] = str(int(parameters[parameter.replace("Callback", "Api")]) - 1)
    assert examine(healthy)["throttles"]["health"] == "bad"
