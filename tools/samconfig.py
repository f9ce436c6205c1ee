"""What samconfig.toml says about a deployment, so that no command asks for it again."""

import tomllib
from pathlib import Path

SAMCONFIG = Path(__file__).resolve().parents[1] / "samconfig.toml"


def region_of(stack: str, file: Path = SAMCONFIG) -> str | None:
    """Return the region a stack is deployed to; None where the file does not name the stack."""
    with file.open("rb") as stream:
        environments = tomllib.load(stream)
    for environment in environments.values():
        if not isinstance(environment, dict):
            continue
        given = environment.get("global", {}).get("parameters", {})
        if given.get("stack_name") == stack:
            region: str | None = given.get("region")
            return region
    return None
