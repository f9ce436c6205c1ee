"""Builds the unmodified template for this machine, and only where something changed."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from local.console import Console
from local.errors import LocalStackError
from local.settings import ROOT

ARCHITECTURE = "x86_64"
BUILDS = ROOT / ".local" / "builds"
BUILDS_KEPT = 3
TRIES_MAX = 3
INPUTS = (
    "template.yaml",
    "shared",
    "layers",
    "functions",
    "tools/slim_layer.py",
    "tools/trim_descriptions.py",
    "tools/layer_services.txt",
)
SAM = (str(ROOT / ".venvs" / "build" / "bin" / "sam"),)
PARAMETERS = ("--parameter-overrides", f"Arch={ARCHITECTURE}")
OUTPUT_LINES_SHOWN = 20


@dataclass(frozen=True)
class Build:
    """One finished build. Shape: `digest` of the sources it was made from."""

    digest: str

    @property
    def template(self) -> Path:
        """The template to deploy; its files are beside it."""
        return BUILDS / self.digest[:16] / "template.yaml"


def build_if_changed(console: Console) -> Build:
    """Give the build of the sources as they are, made now where there is none yet.

    A finished build is never written again, so another stack may deploy it meanwhile.
    """
    BUILDS.mkdir(parents=True, exist_ok=True)
    with (BUILDS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build = Build(digest_inputs(ROOT))
        if build.template.exists():
            console.say(f"  {console.paint('·', 'cyan')} build unchanged")
            return build
        with console.step("sam build, then slim the layer (once, about a minute)"):
            return _build()


def _build() -> Build:
    """Build until the sources did not change meanwhile."""
    draft = BUILDS / "draft"
    for _ in range(TRIES_MAX):
        build = Build(digest_inputs(ROOT))
        run([*SAM, "build", "--parallel", "--build-dir", str(draft), *PARAMETERS])
        run([sys.executable, "-m", "tools.slim_layer", str(draft)])
        template = draft / "template.yaml"
        write_as_json(template)
        zip_layers(template)
        if digest_inputs(ROOT) == build.digest:
            draft.rename(build.template.parent)
            _forget_old_builds()
            return build
    raise LocalStackError("the sources keep changing while they are built")


def write_as_json(template: Path) -> None:
    """Write a built template as JSON, which is YAML too: sam reads it seven times, far faster."""
    document = yaml.load(template.read_text(), Loader=yaml.CSafeLoader)
    template.write_text(json.dumps(document, indent=1))


def zip_layers(template: Path) -> None:
    """Zip the layers of a built template once; each `sam deploy` would do it again.

    The folders stay beside the zips: bench/ imports from them.
    """
    document = json.loads(template.read_text())
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            folder = template.parent / resource["Properties"]["ContentUri"]
            shutil.make_archive(str(folder), "zip", folder)
            resource["Properties"]["ContentUri"] = f"{folder.name}.zip"
    template.write_text(json.dumps(document, indent=1))


def _forget_old_builds() -> None:
    builds = [each for each in BUILDS.iterdir() if (each / "template.yaml").exists()]
    builds.sort(key=lambda each: each.stat().st_mtime, reverse=True)
    for old in builds[BUILDS_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def digest_inputs(root: Path) -> str:
    """Digest every file that the build reads, with its name."""
    digest = hashlib.sha256(f"{ARCHITECTURE} json zip".encode())
    for path in _walk_inputs(root):
        digest.update(str(path.relative_to(root)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def run(
    command: list[str], *, environment: dict[str, str] | None = None, folder: Path = ROOT
) -> str:
    """Run a command, from the root of the repository unless told otherwise, and give its output.

    Errors: LocalStackError with the end of the output where it fails.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    base = environment if environment is not None else dict(os.environ)
    done = subprocess.run(  # noqa: S603 - our own commands
        command,
        cwd=folder,
        env={**base, "SAM_CLI_TELEMETRY": "0", "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        end = "\n".join(f"    {line}" for line in done.stdout.splitlines()[-OUTPUT_LINES_SHOWN:])
        raise LocalStackError(f"{' '.join(command[:2])} failed:\n{end}")
    return done.stdout


def _walk_inputs(root: Path) -> Iterator[Path]:
    for name in INPUTS:
        start = root / name
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
