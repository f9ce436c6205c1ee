"""A deployment with SnapStart runs the functions that customers wait for as published versions."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.template import read_template
from tools import snapstart
from tools.snapstart import ALIAS, FUNCTIONS, take_snapshots

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def template() -> dict[str, Any]:
    """The template as written."""
    return read_template(ROOT / "template.yaml")


def test_without_it_no_function_has_versions_or_snapshots(template: dict[str, Any]) -> None:
    assert "AutoPublishAlias" not in template["Globals"]["Function"]
    for name in FUNCTIONS:
        assert (
            not {"SnapStart", "AutoPublishAlias"} & template["Resources"][name]["Properties"].keys()
        )


def test_each_deployment_publishes_a_version_of_its_own(template: dict[str, Any]) -> None:
    take_snapshots(template, version="first")
    take_snapshots(template, version="second")
    for name in FUNCTIONS:
        properties = template["Resources"][name]["Properties"]
        assert properties["SnapStart"] == {"ApplyOn": "PublishedVersions"}
        assert properties["AutoPublishAlias"] == ALIAS
        # CloudFormation replaces a version whose description changes, so new parameters arrive.
        assert properties["VersionDescription"] == "second"
        assert properties["VersionDeletionPolicy"] == "Delete"


def test_a_function_that_is_not_there_is_named(template: dict[str, Any]) -> None:
    del template["Resources"]["StatusFunction"]
    with pytest.raises(KeyError, match="StatusFunction"):
        take_snapshots(template, version="first")


def test_the_built_template_is_rewritten(
    template: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert snapstart.main() == 1
    snapstart.BUILT.parent.mkdir(parents=True)
    snapstart.BUILT.write_text(yaml.safe_dump(template))
    assert snapstart.main(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == 0
    written = yaml.load(snapstart.BUILT.read_text(), Loader=yaml.CSafeLoader)
    take_snapshots(template, version="2026-01-02T03:04:05+00:00")
    assert written == template
