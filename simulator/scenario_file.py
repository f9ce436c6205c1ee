"""Scenario files: settings, phones, chances and outages in one TOML or JSON file.

Shape: {"settings": {...}, "scenario": ..., "chances": [{"scenario", "probability"}],
"phones": {"2547...": {...}}, "next": [{"scenario", "phone_number"?, "times"?, "api"?}],
"outages": [{"kind", "from_seconds", "seconds", "endpoints"?}]}; every part may be left out.
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.core import Daraja
from simulator.core.errors import SettingError

_PARTS = {"settings", "scenario", "chances", "phones", "next", "outages", "about"}


def read_scenario_file(path: Path) -> dict[str, Any]:
    """The file's content. Errors: SettingError says what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise SettingError(f"cannot read {path}: {error}") from error
    if not isinstance(content, dict):
        raise SettingError(f"{path} must hold an object")
    unknown = set(content) - _PARTS
    if unknown:
        known = ", ".join(sorted(_PARTS))
        raise SettingError(f"{path}: unknown part {sorted(unknown)[0]!r}; there are {known}")
    return content


def apply_scenario(daraja: Daraja, content: Mapping[str, Any]) -> None:
    """Puts everything the file says in force. Errors: SettingError, UnknownScenarioError."""
    try:
        if content.get("settings"):
            daraja.configure(**content["settings"])
        daraja.set_scenario(
            content.get("scenario", "normal"), chances_from(content.get("chances", []))
        )
        for number, changes in content.get("phones", {}).items():
            daraja.set_phone(number, **changes)
        for wish in content.get("next", []):
            daraja.set_next(
                wish["scenario"],
                msisdn=wish.get("phone_number"),
                times=wish.get("times", 1),
                api=wish.get("api"),
            )
        for outage in content.get("outages", []):
            daraja.start_outage(**outage)
    except (AttributeError, KeyError, TypeError) as error:
        raise SettingError(f"the scenario is not shaped as expected: {error}") from error


def chances_from(given: object) -> list[tuple[object, float]]:
    """The (scenario, probability) pairs of a list of objects. Errors: SettingError."""
    if not isinstance(given, list):
        raise SettingError('chances must be a list of {"scenario", "probability"}')
    pairs = []
    for each in given:
        if not isinstance(each, dict) or set(each) != {"scenario", "probability"}:
            raise SettingError('a chance is {"scenario": ..., "probability": 0.05}')
        pairs.append((each["scenario"], each["probability"]))
    return pairs
