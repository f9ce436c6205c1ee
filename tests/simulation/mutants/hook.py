"""Puts a mutant's edits into the product's source as it is imported; nothing on disk changes."""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from .edits import Edit, Mutant

REPOSITORY = Path(__file__).parents[3]


class NotThereError(Exception):
    """The text to be replaced does not stand in the source exactly once."""


def mutated(source: str, edits: Sequence[Edit]) -> str:
    """The source with each edit made. Errors: NotThereError."""
    for edit in edits:
        if source.count(edit.old) != 1:
            raise NotThereError(f"{edit.module} has {source.count(edit.old)} times: {edit.old!r}")
        source = source.replace(edit.old, edit.new)
    return source


def source_of(module: str) -> Path:
    """Where a module of the product, or a handler, is written."""
    if module.endswith(".py"):
        return REPOSITORY / module
    return REPOSITORY / "shared" / (module.replace(".", "/") + ".py")


class _Loader(importlib.machinery.SourceFileLoader):
    edits: Sequence[Edit] = ()

    def get_code(self, fullname: str) -> CodeType:
        path = Path(self.path)
        return compile(mutated(path.read_text(encoding="utf-8"), self.edits), str(path), "exec")


class _Finder:
    def __init__(self, mutant: Mutant) -> None:
        self._edits: dict[str, list[Edit]] = {}
        for edit in mutant.edits:
            self._edits.setdefault(edit.module, []).append(edit)

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> Any:
        if name not in self._edits:
            return None
        loader = _Loader(name, str(source_of(name)))
        loader.edits = self._edits[name]
        return importlib.machinery.ModuleSpec(name, loader, origin=loader.path)


def install(mutant: Mutant) -> None:
    """Break the product for the rest of this process, before it is imported."""
    loaded = [name for name in sys.modules if name.startswith("payments")]
    assert not loaded, f"already imported: {loaded[:3]}"
    sys.meta_path.insert(0, _Finder(mutant))
    handlers = [edit for edit in mutant.edits if edit.module.endswith(".py")]
    if handlers:
        _break_handlers(handlers)


def _break_handlers(edits: list[Edit]) -> None:
    """Handlers are compiled, not imported: break what the world compiles."""
    from tests.support import lambdas

    original = lambdas._code

    def code(name: str) -> CodeType:
        path = REPOSITORY / "functions" / name / "app.py"
        own = [each for each in edits if source_of(each.module) == path]
        if not own:
            return original(name)
        return compile(mutated(path.read_text(encoding="utf-8"), own), str(path), "exec")

    lambdas._code = code  # type: ignore[assignment]
