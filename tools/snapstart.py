"""`make deploy SNAPSTART=true`: the functions that customers wait for start from a snapshot.

Rewrites the built template. A parameter cannot do it: SAM wants to know of an alias before
CloudFormation knows any parameter, and makes a new version only when the template or the code
changes. An alias would go on pointing at a version with the old parameters, Safaricom's addresses
among them. Here each deployment publishes a version of its own and deletes the one before.

The callback's own URL (CallbackFunctionUrl) stays without: a URL of an alias is another address.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

BUILT = Path(".aws-sam/build/template.yaml")
FUNCTIONS = ("StkPushFunction", "StatusFunction", "CallbackFunction")
ALIAS = "live"


def take_snapshots(template: dict[str, Any], *, version: str) -> None:
    """Let the functions run as published versions, under `version`, from snapshots.

    Errors: KeyError names what the template does not have.
    Idempotent: the second version takes the place of the first.
    """
    resources = template["Resources"]
    for name in FUNCTIONS:
        resources[name]["Properties"] |= {
            "SnapStart": {"ApplyOn": "PublishedVersions"},
            "AutoPublishAlias": ALIAS,
            # Published anew when the code changes, and, by its description, when anything does.
            "AutoPublishAliasAllProperties": True,
            "VersionDescription": version,
            # AWS bills a Python snapshot for as long as its version exists.
            "VersionDeletionPolicy": "Delete",
        }


def main(now: datetime | None = None) -> int:
    """Rewrite the built template; 1 with a sentence where there is none."""
    if not BUILT.is_file():
        print(f"snapstart: {BUILT} is missing; run `make build` first", file=sys.stderr)
        return 1
    template: dict[str, Any] = yaml.load(BUILT.read_text(), Loader=yaml.CSafeLoader)
    take_snapshots(template, version=(now or datetime.now(UTC)).isoformat(timespec="seconds"))
    BUILT.write_text(yaml.safe_dump(template, sort_keys=False))
    print(f"snapstart: {', '.join(FUNCTIONS)} will start from snapshots")
    return 0


if __name__ == "__main__":
    sys.exit(main())
