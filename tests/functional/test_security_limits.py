"""A phone's peace: whoever asks, and however often, it gets few prompts."""

import random
from collections import Counter

import pytest

from tests.support.world import PHONE, World

ACCOUNTS = 1000
DAY_SECONDS = 86_400
QUARTER_HOUR_SECONDS = 900


def most_in(times: list[float], seconds: float) -> int:
    """Returns how many fell into the fullest window of that length."""
    return max((sum(at <= each < at + seconds for each in times) for at in times), default=0)


@pytest.mark.parametrize("scenario", ["cancels", "ignores", "push_hang"])
def test_a_thousand_accounts_bomb_one_phone_for_a_day_in_vain(scenario: str) -> None:
    """Never more than 3 prompts in 15 minutes nor 10 in a day, counted at the phone."""
    world = World(seed=11)
    world.daraja.set_phone(PHONE, scenario=scenario)
    chance = random.Random(11)
    for account in range(ACCOUNTS):
        world.register(f"b{account}", client_id=f"c{account}")
    statuses: Counter[int] = Counter()
    prompted: list[float] = []
    moments = sorted(chance.uniform(0, DAY_SECONDS) for _ in range(2 * ACCOUNTS))
    start = world.clock()
    # A burst at the start of the day, as an attack would have, then the rest of the day.
    for moment in [0.0] * 50 + moments:
        account = chance.randrange(ACCOUNTS)
        if start + moment > world.clock():
            world.pass_time(start + moment - world.clock())
        forms = (PHONE, f"+{PHONE}", f"0{PHONE[3:]}", PHONE[3:], f" {PHONE[:6]}-{PHONE[6:]}")
        answer = world.initiate(f"b{account}", client_id=f"c{account}", phone=chance.choice(forms))
        statuses[answer.status] += 1
        if len(world.daraja.prompts()) > len(prompted):
            prompted.append(world.clock())
    world.close()
    assert most_in(prompted, QUARTER_HOUR_SECONDS) <= 3
    assert most_in(prompted, DAY_SECONDS) <= 10
    assert len(prompted) >= 5, "the limit, not a fault, is what stopped the others"
    assert set(statuses) <= {200, 202, 409, 429}
    assert statuses[429] > 1000


def test_one_account_cannot_prompt_many_phones() -> None:
    world = World(seed=12)
    for booking in range(20):
        world.register(f"b{booking}", client_id="7")
    answers = [
        world.initiate(f"b{booking}", client_id="7", phone=f"2547110000{booking:02d}").status
        for booking in range(20)
    ]
    world.close()
    assert answers == [200] * 5 + [429] * 15


def test_a_refused_prompt_says_when_to_try_again_and_names_no_phone() -> None:
    world = World(seed=13)
    for booking in range(6):
        world.register(f"b{booking}", client_id="7")
        world.initiate(f"b{booking}", client_id="7", phone=f"2547110000{booking:02d}")
    answer = world.initiate("b5", client_id="7", phone="254711000005")
    world.close()
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) == answer.body["retry_after_seconds"] > 0
    assert "711000005" not in str(answer.body)
