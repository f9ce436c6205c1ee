"""Earlier releases, built from their commits in this repository and deployed by their own code.

A commit never changes, so its tree and its build are kept in .local/releases for the next run. The
build is what `sam build` and `make build` make of the tree, with its own pinned packages. It takes
seconds because uv installs them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from local import aws
from local.build import Build, run
from local.deployment import STACK_NAME
from local.environments import find_uv
from local.settings import ROOT, LocalSettings
from tests.support.earlier import unpack
from tools.template import as_json, load_template

KEPT = ROOT / ".local" / "releases"


@dataclass(frozen=True)
class Release:
    """One release: its tree, its built template, and whether `make deploy` was plain sam then."""

    tree: Path
    template: Path
    deploys_by_sam: bool = False

    @property
    def overrides(self) -> dict[str, str]:
        """The parameters of the local stack in the release's own samconfig.toml."""
        with (self.tree / "samconfig.toml").open("rb") as file:
            given = tomllib.load(file)["local"]["deploy"]["parameters"]["parameter_overrides"]
        return dict(each.split("=", 1) for each in given)

    def deploy(self, settings: LocalSettings, template: Path | None = None) -> str:
        """Deploy as the release's `make deploy` does, but into the emulator; what it printed.

        Errors: LocalStackError with the end of what it printed.
        """
        chosen = str(template or self.template)
        config = ["--config-file", str(self._write_samconfig(settings))]
        if self.deploys_by_sam:
            sam = str(self.tree / ".venvs" / "build" / "bin" / "sam")
            command = [sam, "deploy", *config, "--config-env", "local", "--template-file", chosen]
        else:
            command = [sys.executable, "-m", "tools.deploy", "run", "--env", "local"]
            command += ["--samconfig", config[1], "--template", chosen]
        return run(
            command,
            environment=aws.environment(os.environ, settings.emulator_url),
            folder=self.tree,
        )

    def _write_samconfig(self, settings: LocalSettings) -> Path:
        own = {
            "CallbackUrlBase": settings.callback_url_base,
            "AllowedOrigins": settings.gateway_url,
            "SafaricomBase": settings.simulator_url,
        }
        if "PullTransactions" in self.overrides:
            own["PullTransactions"] = "false"  # it would find money before its callback comes
        values = [f"{name}={value}" for name, value in (self.overrides | own).items()]
        file = settings.folder / "samconfig.toml"
        file.write_text(
            f"""version = 0.1
[local.global.parameters]
stack_name = "{STACK_NAME}"
region = "{aws.REGION}"
[local.deploy.parameters]
resolve_s3 = true
capabilities = "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"
fail_on_empty_changeset = false
parameter_overrides = {json.dumps(values)}
"""
        )
        return file


def this_release(build: Build) -> Release:
    """The repository as it is."""
    return Release(ROOT, build.template)


def earlier_release(commit: str, *, deploys_by_sam: bool = False) -> Release:
    """The release of this commit, built now where no earlier run did."""
    tree = KEPT / commit
    if not tree.exists():
        draft = KEPT / f"{commit}.{os.getpid()}"
        try:
            _unpack(commit, draft)
            _build(draft)
            draft.rename(tree)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return Release(tree, tree / "built" / "template.yaml", deploys_by_sam)


def _unpack(commit: str, tree: Path) -> None:
    unpack(commit, tree)
    for environments in (".venv", ".venvs"):
        (tree / environments).symlink_to(ROOT / environments)


def _build(tree: Path) -> None:
    built = tree / "built"
    template = load_template(tree / "template.yaml")
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            _copy_with_packages(tree / properties["CodeUri"], built / name)
            properties["CodeUri"] = name
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            _copy_with_packages(tree / properties["ContentUri"], built / name / "python")
            properties["ContentUri"] = name
    (built / "template.yaml").write_text(as_json(template))
    run([sys.executable, "-m", "tools.slim_layer", str(built)], folder=tree)


def _copy_with_packages(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    requirements = target / "requirements.txt"
    if requirements.exists():
        uv = find_uv()
        assert uv is not None, "uv is missing: make environments"
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable]
        command += ["--target", str(target), "--require-hashes", "-r", str(requirements)]
        run(command, folder=target)
