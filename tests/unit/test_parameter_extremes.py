"""No value that template.yaml permits keeps a function from starting."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from payments.aws import settings
from payments.aws.token_families import customer_tokens, staff_accounts

from tools.template import load_template

TEMPLATE = load_template()
PARAMETERS: Mapping[str, Any] = TEMPLATE["Parameters"]
DEFAULTS = {name: str(each["Default"]) for name, each in PARAMETERS.items()}
EDGES = {
    "AllowedOrigins": ("http://a", "https://a:65535,https://b-c.example"),
    "CallbackSourceIps": ("0.0.0.0", "255.255.255.255/16,196.201.212.5/24,1.2.3.4/32"),
    "CallbackUrlBase": ("", "https://a:65535"),
    "JwksUrl": ("", "https://a", "https://a-b.example:65535/keys?x=1", "http://127.0.0.1:9/"),
    "JwtIssuer": ("", 'a "b"'),
    "JwtAudience": ("", 'a "b"'),
    "StaffIssuer": ("", "https://a", "http://127.0.0.1:9"),
    "StaffJwksUrl": ("", "https://a", "https://a-b.example:65535/keys?x=1", "http://127.0.0.1:9/"),
    "StaffClientId": ("", "a-b_c.d"),
    "SafaricomBase": ("https://a", "https://a:99999", "http://127.0.0.1:1"),
    "SafaricomPartyB": ("", "00000", "9999999"),
    "SafaricomShortcode": ("00000", "9999999"),
}
STAFF = {"StaffIssuer": "https://a", "StaffJwksUrl": "https://a/k", "StaffClientId": "desk"}
REFUSED = {
    "CallbackSourceIps": ("", "300.1.1.1", "1.2.3.4/8", "1.2.3.4/33", "1.2.3", "1.2.3.4,", "::/0"),
    "JwksUrl": ("https://", "https://?", "https:// a", "http://a.example", "ftp://a"),
    "StaffIssuer": ("https://", "http://a.example", "https:// a"),
    "StaffJwksUrl": ("https://", "http://a.example", "ftp://a"),
    "StaffClientId": ("a b",),
    "SafaricomBase": ("https://", "http://a.example", "https://a/b"),
}


def extremes(name: str) -> tuple[str, ...]:
    """The smallest and the largest value; every value of a closed list."""
    declared = PARAMETERS[name]
    if "AllowedValues" in declared:
        return tuple(str(each) for each in declared["AllowedValues"])
    if "MinValue" in declared:
        return (str(declared["MinValue"]), str(declared["MaxValue"]))
    return EDGES.get(name, (DEFAULTS[name],))


def environments(values: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each function's environment as the template writes it."""
    shared = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    for name, resource in TEMPLATE["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            own = resource["Properties"].get("Environment", {}).get("Variables", {})
            yield name, {key: resolved(each, values) for key, each in {**shared, **own}.items()}


def resolved(value: Any, values: Mapping[str, str]) -> str:
    """A reference to a parameter is its value, to a resource some text."""
    if not isinstance(value, Mapping):
        return str(value)
    if "Fn::If" in value:
        return values["CallbackUrlBase"]
    return values.get(str(value.get("Ref")), "arn")


def start(values: Mapping[str, str]) -> None:
    """Read the settings as each function does when it starts."""
    if values["JwksUrl"]:  # a rule of the template
        values = {**values, "JwtIssuer": "i", "JwtAudience": "a"}
    if values["StaffIssuer"] or values["StaffJwksUrl"] or values["StaffClientId"]:  # another rule
        given = {name: values[name] for name in STAFF if values[name]}
        values = {**values, **STAFF, **given}
    for _, environ in environments(values):
        staff_accounts(environ)
        settings.read_settings(environ)
        if "JWT_SECRET_ARN" in environ:
            customer_tokens(environ)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_permitted_value_breaks_no_function(name: str) -> None:
    for value in extremes(name):
        pattern = PARAMETERS[name].get("AllowedPattern")
        parts = value.split(",") if PARAMETERS[name]["Type"] == "CommaDelimitedList" else [value]
        assert pattern is None or all(re.search(pattern, part) for part in parts), value
        start({**DEFAULTS, name: value})


@pytest.mark.parametrize("position", [0, -1])
def test_all_extremes_together_break_no_function(position: int) -> None:
    start({name: extremes(name)[position] for name in PARAMETERS})


def test_two_extremes_together_break_no_function() -> None:
    """The kind of fault: a value that only another value forbids."""
    times = [name for name in PARAMETERS if "MinValue" in PARAMETERS[name]]
    for first, second in itertools.combinations(times, 2):
        for one, other in itertools.product(extremes(first), extremes(second)):
            start({**DEFAULTS, first: one, second: other})


@pytest.mark.parametrize(
    ("name", "value"), [(name, each) for name, values in REFUSED.items() for each in values]
)
def test_a_value_that_would_break_a_function_is_refused(name: str, value: str) -> None:
    assert not re.search(PARAMETERS[name]["AllowedPattern"], value)
