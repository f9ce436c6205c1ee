"""Every parameter of the template gets an explicit value at every deployment.

For a parameter that is not named, `sam deploy` keeps the value that the stack has. Then a line
that is taken out of samconfig.toml, or a default that a release changes, would never reach AWS.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.deploy.errors import DeployError

_REGION_OF_ARN = re.compile(r"arn:[^:]*:[^:]*:([a-z0-9-]+):")


@dataclass(frozen=True, slots=True)
class Change:
    """One parameter whose value moves; `old` is None where the stack does not have it yet."""

    name: str
    old: str | None
    new: str | None


def explicit(template: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, str]:
    """Return every parameter's value: the override, else the template's default.

    Errors: DeployError where an override names no parameter, or a parameter has no value.
    """
    declared: Mapping[str, Any] = template["Parameters"]
    unknown = sorted(set(overrides) - set(declared))
    if unknown:
        raise DeployError(f"samconfig.toml sets {', '.join(unknown)}: template.yaml has no such")
    missing = sorted(
        name for name in declared if name not in overrides and "Default" not in declared[name]
    )
    if missing:
        raise DeployError(f"samconfig.toml must set {', '.join(missing)}: there is no default")
    return {name: overrides.get(name, str(each.get("Default"))) for name, each in declared.items()}


def changes(deployed: Mapping[str, str], wanted: Mapping[str, str]) -> list[Change]:
    """Return what differs between the stack and the repository, by name."""
    names = sorted({*deployed, *wanted})
    moves = [Change(name, deployed.get(name), wanted.get(name)) for name in names]
    return [each for each in moves if each.old != each.new]


def as_overrides(parameters: Mapping[str, str]) -> list[str]:
    """Return `Name="value"` for `sam deploy --parameter-overrides`; empty values too.

    Errors: DeployError where sam could not carry a value unchanged.
    """
    for name, value in parameters.items():
        if "\\" in value or "\n" in value:
            raise DeployError(f"{name} holds a backslash or a line break, which sam would change")
    return [f'{name}="{_escaped(value)}"' for name, value in parameters.items()]


def _escaped(value: str) -> str:
    return value.replace('"', '\\"')


def refuse_foreign_arns(parameters: Mapping[str, str], region: str) -> None:
    """Pass only where every ARN is of this region. Errors: DeployError names the parameter."""
    for name, value in parameters.items():
        found = _REGION_OF_ARN.match(value)
        if found is not None and found.group(1) != region:
            raise DeployError(
                f"{name} is of {found.group(1)}, but samconfig.toml deploys to {region}. "
                f"Make it again with: export AWS_REGION={region}"
            )
