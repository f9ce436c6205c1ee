"""Bad days are chosen per request, per phone, for the next push, by file or by seeded chance."""

from collections import Counter
from pathlib import Path

import pytest

from simulator.core import Config, HttpRequest, Transport
from simulator.core.catalogue import CATALOGUE
from simulator.core.errors import SettingError, UnknownScenarioError
from simulator.core.known_phones import KNOWN_PHONES
from simulator.core.scenario import BodyFault, Person, QueryHonesty, scenario_from
from simulator.scenario_file import apply_scenario, read_scenario_file
from tests.unit.simulator.virtual_merchant import OAUTH, PAYS, WAITS, VirtualMerchant


def chosen(merchant: VirtualMerchant, msisdn: str, scenario: str | None = None) -> str:
    """The name of the scenario a new push got."""
    prompt = merchant.daraja.prompt(merchant.pushed(msisdn, scenario))
    merchant.run()
    merchant.wait(120)
    return prompt.scenario.name


def test_the_header_beats_the_next_wish_which_beats_the_phone(merchant: VirtualMerchant) -> None:
    merchant.daraja.set_next("cancels", msisdn=PAYS)
    merchant.daraja.set_next("ignores")
    assert chosen(merchant, PAYS, "wrong_pin") == "wrong_pin"
    assert chosen(merchant, PAYS) == "cancels"
    assert chosen(merchant, PAYS) == "ignores"
    assert chosen(merchant, PAYS) == "pays"


def test_a_wish_can_hold_for_several_pushes(merchant: VirtualMerchant) -> None:
    merchant.daraja.set_next("cancels", times=2)
    assert [chosen(merchant, WAITS) for _ in range(3)] == ["cancels", "cancels", "normal"]


def test_a_phone_keeps_its_scenario(merchant: VirtualMerchant) -> None:
    merchant.daraja.set_phone(WAITS, scenario="pays+callback_lost")
    assert [chosen(merchant, WAITS) for _ in range(2)] == ["pays+callback_lost"] * 2


def test_the_default_holds_for_everybody_else(merchant: VirtualMerchant) -> None:
    merchant.daraja.set_scenario("pays")
    assert chosen(merchant, WAITS) == "pays"
    assert chosen(merchant, "254700000004") == "cancels"


def test_names_join_and_objects_extend_names() -> None:
    joined = scenario_from("pays+callback_twice+callback_masked_phone+callback_string_date")
    assert (joined.person, joined.callback_copies) == (Person.PAYS, 2)
    assert joined.body_faults == {BodyFault.MASKED_PHONE, BodyFault.STRING_DATE}
    extended = scenario_from({"extends": "pays", "callback_seconds": 7, "name": "mine"})
    assert (extended.person, extended.callback_seconds) == (Person.PAYS, 7.0)
    assert extended.name == "mine"
    listed = scenario_from(["pays", {"query": "never_final"}])
    assert (listed.person, listed.query) == (Person.PAYS, QueryHonesty.NEVER_FINAL)


@pytest.mark.parametrize(
    "spec",
    [
        "nonsense",
        "pays+nonsense",
        {"colour": "red"},
        {"person": "dances"},
        {"callback_copies": 0},
        {"callback_copies": 1.5},
        {"callback_seconds": -1},
        {"callback_seconds": float("nan")},
        {"push_reaches_mpesa": "no"},
        {"body_faults": ["nonsense"]},
        {"body_faults": 3},
        {"result_code": 1.5},
        5,
        None,
    ],
)
def test_a_scenario_that_does_not_exist_is_refused_and_nothing_changes(
    merchant: VirtualMerchant, spec: object
) -> None:
    for change in (merchant.daraja.set_scenario, merchant.daraja.set_next):
        with pytest.raises(UnknownScenarioError):
            change(spec)
    assert chosen(merchant, WAITS) == "normal"


def test_a_wrong_header_is_refused_and_nothing_is_pushed(merchant: VirtualMerchant) -> None:
    answer = merchant.push(PAYS, "nonsense")
    assert answer.status == 400
    assert b"there is no scenario 'nonsense'" in answer.body
    assert merchant.daraja.prompts() == []


def test_chance_depends_on_seed_phone_and_number_of_the_push_only() -> None:
    lasting = Config(token_seconds=1_000_000)
    first, second = VirtualMerchant(lasting, seed=7), VirtualMerchant(lasting, seed=7)
    other = VirtualMerchant(lasting, seed=8)
    phones = [f"2547123456{number:02d}" for number in range(60)]
    for merchant in (first, second, other):
        merchant.daraja.set_scenario("pays", [("pays+callback_lost", 0.3), ("cancels", 0.2)])
    forwards = {each: chosen(first, each) for each in phones}
    backwards = {each: chosen(second, each) for each in reversed(phones)}
    differently = {each: chosen(other, each) for each in phones}
    assert forwards == backwards
    assert forwards != differently
    assert set(Counter(forwards.values())) == {"pays", "pays+callback_lost", "cancels"}


@pytest.mark.parametrize("chances", [[("pays", 1.1)], [("pays", -0.1)], [("pays", 0.6)] * 2])
def test_probabilities_must_add_up(chances: list[tuple[object, float]]) -> None:
    with pytest.raises(SettingError):
        VirtualMerchant().daraja.set_scenario("normal", chances)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_named_scenario_can_be_lived_through(name: str) -> None:
    merchant = VirtualMerchant(Config(query_per_minute=None))
    merchant.daraja.handle(HttpRequest("GET", OAUTH))
    merchant.push(WAITS, name)
    merchant.run()
    assert merchant.daraja.phone(WAITS).live is None
    assert merchant.daraja.ledger.is_balanced
    assert merchant.daraja.next_event_at() is None


@pytest.mark.parametrize("known", KNOWN_PHONES, ids=lambda known: known.msisdn)
def test_every_test_number_can_be_lived_through(merchant: VirtualMerchant, known: object) -> None:
    merchant.push(getattr(known, "msisdn", ""))
    merchant.run()
    assert merchant.daraja.next_event_at() is None


@pytest.mark.parametrize(
    ("kind", "status", "transport"),
    [
        ("html", 403, Transport.OK),
        ("busy", 500, Transport.OK),
        ("internal_error", 500, Transport.OK),
        ("bad_gateway", 502, Transport.OK),
        ("hang", 503, Transport.HANG),
        ("reset", 503, Transport.RESET),
    ],
)
def test_an_outage_lasts_as_long_as_it_says_and_nothing_reaches_mpesa(
    merchant: VirtualMerchant, kind: str, status: int, transport: Transport
) -> None:
    merchant.daraja.start_outage(kind, 30, from_seconds=10)
    assert merchant.push("254712000001").status == 200
    merchant.now += 10
    answer = merchant.push("254712000002")
    assert (answer.status, answer.transport) == (status, transport)
    merchant.now += 30
    assert merchant.push("254712000003").status == 200
    assert len(merchant.daraja.prompts()) == 2


def test_an_outage_can_be_ended_and_hits_only_its_endpoints(merchant: VirtualMerchant) -> None:
    merchant.daraja.start_outage("busy", 100, endpoints=["query"])
    assert merchant.push(PAYS).status == 200
    assert merchant.query("ws_CO_1").status == 500
    merchant.daraja.end_outages()
    assert merchant.query("ws_CO_1").status == 400


@pytest.mark.parametrize(
    ("kind", "seconds", "endpoints"),
    [("fire", 1.0, ["push"]), ("html", 0.0, ["push"]), ("html", 1.0, ["qr?"]), ("html", 1.0, [])],
)
def test_an_outage_that_makes_no_sense_is_refused(
    kind: str, seconds: float, endpoints: list[str]
) -> None:
    with pytest.raises(SettingError):
        VirtualMerchant().daraja.start_outage(kind, seconds, endpoints=endpoints)


SCENARIO_FILE = """
about = "A rainy Monday"
scenario = "pays"

[settings]
prompt_seconds = 20
query_pending = "being_processed"

[[chances]]
scenario = "pays+callback_lost"
probability = 1.0

[phones.254712345678]
scenario = "cancels"
balance_kes = 12

[[next]]
scenario = "wrong_pin"
phone_number = "254712345678"

[[outages]]
kind = "html"
from_seconds = 1000
seconds = 60
"""


def test_a_scenario_file_sets_everything_at_once(tmp_path: Path) -> None:
    path = tmp_path / "monday.toml"
    path.write_text(SCENARIO_FILE)
    merchant = VirtualMerchant()
    apply_scenario(merchant.daraja, read_scenario_file(path))
    assert merchant.daraja.config.prompt_seconds == 20
    assert merchant.daraja.ledger.wallets[WAITS] == 12
    assert [chosen(merchant, WAITS), chosen(merchant, WAITS)] == ["wrong_pin", "cancels"]
    assert chosen(merchant, "254712345679") == "pays+callback_lost"
    merchant.now = 1_795_424_400.0 + 1_000
    assert merchant.push(WAITS).status == 403


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("a.toml", "x = ", "cannot read"),
        ("a.json", "{", "cannot read"),
        ("a.json", "[]", "object"),
        ("a.json", '{"weather": 1}', "weather"),
        ("a.json", '{"settings": {"nope": 1}}', "nope"),
        ("a.json", '{"scenario": "nope"}', "nope"),
        ("a.json", '{"phones": {"07": {}}}', "07"),
        ("a.json", '{"phones": 5}', "shaped"),
        ("a.json", '{"next": [{}]}', "shaped"),
        ("a.json", '{"outages": [{"kind": "html"}]}', "shaped"),
        ("a.json", '{"chances": [{"scenario": "pays"}]}', "chance"),
    ],
)
def test_a_wrong_scenario_file_says_what_is_wrong(
    tmp_path: Path, name: str, text: str, word: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises((SettingError, UnknownScenarioError), match=word):
        apply_scenario(VirtualMerchant().daraja, read_scenario_file(path))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nope", 1),
        ("prompt_seconds", -1),
        ("prompt_seconds", "long"),
        ("prompt_seconds", float("inf")),
        ("prompt_seconds", None),
        ("query_per_minute", 1.5),
        ("query_per_minute", True),
        ("token_rotates", 1),
        ("query_pending", "maybe"),
        ("merchants", ()),
    ],
)
def test_a_wrong_setting_changes_nothing(
    merchant: VirtualMerchant, name: str, value: object
) -> None:
    before = merchant.daraja.config
    with pytest.raises(SettingError, match=name):
        merchant.daraja.configure(**{"show_seconds": 5, name: value})
    assert merchant.daraja.config == before


def test_settings_change_while_it_runs(merchant: VirtualMerchant) -> None:
    merchant.daraja.configure(query_per_minute=None, callback_attempts=3, prompt_seconds=5)
    assert merchant.daraja.config.query_per_minute is None
    assert merchant.daraja.config.prompt_seconds == 5.0
