"""An earlier release from its commit: as files, or beside this one in the same process.

Beside: each import of `payments` in its source is read as its own package's name, so that neither
release ever sees a module of the other. Packages from outside are shared; their versions are this
release's.
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from importlib import import_module
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType
from typing import Any

import requests
from payments.aws.adapters import Adapters

from .aws import REPOSITORY
from .lambdas import Lambda

HISTORY_LACKS = "The history lacks the release {commit}: fetch it all (git fetch --unshallow)"
LAYER, FUNCTIONS = "shared/", "functions/"


def unpack(commit: str, folder: Path) -> None:
    """Write the tree of a commit into a folder."""
    with _archive(commit) as packed:
        packed.extractall(folder, filter="data")


def _archive(commit: str, *folders: str) -> tarfile.TarFile:
    command = ["git", "archive", commit, *folders]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == 0, HISTORY_LACKS.format(commit=commit)
    return tarfile.open(fileobj=io.BytesIO(done.stdout))


class EarlierRelease:
    """One earlier release, importable as `package` beside this one's `payments`.

    Shape: `functions` are the names of its Lambda functions.
    """

    def __init__(self, commit: str, package: str) -> None:
        self._package = package
        self._sources = _read_sources(commit)
        self.functions = frozenset(
            path.split("/")[1] for path in self._sources if path.startswith(FUNCTIONS)
        )
        self._code: dict[str, CodeType] = {}
        sys.meta_path.insert(0, _Finder(package, self._sources))

    def code(self, function: str) -> CodeType:
        """The handler's module, compiled to use this release's own package."""
        if function not in self._code:
            path = f"{FUNCTIONS}{function}/app.py"
            self._code[function] = _compile(self._sources[path], path, self._package)
        return self._code[function]

    def runtime(self) -> Any:
        """The module that its handlers take their adapters from."""
        return import_module(f"{self._package}.aws.runtime")

    def adapted(self, adapters: Adapters) -> Any:
        """The same clock, ids and network, in the shape that this release knows."""
        known = self.runtime().Adapters
        return known(**{each.name: getattr(adapters, each.name) for each in fields(known)})

    def session_maker(self) -> Callable[[], requests.Session]:
        """How the release makes its session with Daraja."""
        made: Callable[[], requests.Session] = import_module(
            f"{self._package}.daraja.client"
        ).new_session
        return made


@cache
def earlier_release(commit: str, package: str) -> EarlierRelease:
    """The release of a commit, loaded once in a process."""
    return EarlierRelease(commit, package)


def _read_sources(commit: str) -> dict[str, bytes]:
    """Every Python file of the layer and of the functions, by its path."""
    found = {}
    with _archive(commit, LAYER, FUNCTIONS) as packed:
        for member in packed:
            file = packed.extractfile(member) if member.name.endswith(".py") else None
            if file is not None:
                found[member.name] = file.read()
    return found


def _compile(source: bytes, path: str, package: str) -> CodeType:
    return compile(_Renamed(package).visit(ast.parse(source, path)), path, "exec")


class _Renamed(ast.NodeTransformer):
    """Imports from `payments` become imports from the release's own package."""

    def __init__(self, package: str) -> None:
        self._package = package

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        root, dot, rest = (node.module or "").partition(".")
        if root == "payments" and not node.level:
            node.module = f"{self._package}{dot}{rest}"
        return node

    def visit_Import(self, node: ast.Import) -> ast.Import:
        named = [each.name for each in node.names if each.name.partition(".")[0] == "payments"]
        assert not named, f"{named} would load this release"
        return node


class _Finder(MetaPathFinder):
    """Finds the modules of one earlier release."""

    def __init__(self, package: str, sources: Mapping[str, bytes]) -> None:
        self._package = package
        self._sources = sources

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Find a module of the release, and nothing else."""
        root, _, rest = fullname.partition(".")
        if root != self._package:
            return None
        place = LAYER + "/".join(["payments", *rest.split(".")] if rest else ["payments"])
        for file in (f"{place}.py", f"{place}/__init__.py"):
            if file in self._sources:
                loader = _Loader(self._sources[file], file, self._package)
                return spec_from_loader(fullname, loader, is_package=file.endswith("__init__.py"))
        return None


class _Loader(InspectLoader):
    def __init__(self, source: bytes, path: str, package: str) -> None:
        self._source, self._path, self._package = source, path, package

    def get_source(self, fullname: str) -> str:
        """The source as the commit has it, for tracebacks."""
        return self._source.decode()

    def get_code(self, fullname: str) -> CodeType:
        """The module, compiled to use the release's own package."""
        return _compile(self._source, self._path, self._package)


class EarlierLambda(Lambda):
    """One instance of a function of an earlier release."""

    def __init__(
        self,
        release: EarlierRelease,
        name: str,
        adapters: Adapters,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._release = release
        super().__init__(name, adapters, variables)

    def _load(self, adapters: Adapters) -> None:
        variable = self._release.runtime().ADAPTERS
        token = variable.set(self._release.adapted(adapters))
        try:
            exec(self._release.code(self.name), self.module.__dict__)
        finally:
            variable.reset(token)
