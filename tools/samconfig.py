"""What samconfig.toml says about a deployment, so that no command asks for it again."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAMCONFIG = Path(__file__).resolve().parents[1] / "samconfig.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One deployment of samconfig.toml. Shape: `overrides` by parameter name."""

    environment: str
    stack: str
    region: str
    overrides: dict[str, str]


def read_target(environment: str, file: Path = SAMCONFIG) -> Target:
    """Return what samconfig.toml says of `sandbox`, `production` or `local`.

    Errors: KeyError where the file lacks the section or a value in it.
    """
    section = _sections(file)[environment]
    shared, deploy = section["global"]["parameters"], section["deploy"]["parameters"]
    return Target(
        environment=environment,
        stack=shared["stack_name"],
        region=shared["region"],
        overrides=dict(each.split("=", 1) for each in deploy["parameter_overrides"]),
    )


def target_of(stack: str, file: Path = SAMCONFIG) -> Target | None:
    """Return the deployment that a stack's name belongs to; None where the file has none."""
    for environment, section in _sections(file).items():
        if section.get("global", {}).get("parameters", {}).get("stack_name") == stack:
            return read_target(environment, file)
    return None


def region_of(stack: str, file: Path = SAMCONFIG) -> str | None:
    """Return the region a stack is deployed to; None where the file does not name the stack."""
    for section in _sections(file).values():
        given = section.get("global", {}).get("parameters", {})
        if given.get("stack_name") == stack:
            region: str | None = given.get("region")
            return region
    return None


def _sections(file: Path) -> dict[str, dict[str, Any]]:
    with file.open("rb") as stream:
        document = tomllib.load(stream)
    return {name: each for name, each in document.items() if isinstance(each, dict)}
