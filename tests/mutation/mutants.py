"""Finds every mutant of a module, and puts one into the product as it is imported."""

from __future__ import annotations

import ast
import importlib.machinery
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import CodeType
from typing import Any

from .operators import Variant, conditions, variants

REPOSITORY = Path(__file__).parents[2]
SHARED = REPOSITORY / "shared"
ROOMS: dict[str, tuple[str, ...]] = {
    "core": ("payments/protocol/*.py", "payments/usecases/*.py", "payments/store/*.py"),
    "edge": (
        "payments/daraja/push_outcomes.py",
        "payments/daraja/query_answers.py",
        "payments/daraja/wire.py",
        "payments/http/authentication.py",
    ),
}
"""Where mutants are drawn: the rules and their storage; the edge, which reads what others write."""
LEFT_OUT = {"annotation", "returns", "decorator_list", "type_params", "format_spec", "type_comment"}
"""Parts of a node that no mutant changes: types, decorators, how a number is printed."""
DECIDING = {"test", "guard", "ifs"}
NAMING = {"NewType", "TypeVar", "cast", "field"}

type Step = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault in one module, at `path` in its syntax tree. `id` outlives changes elsewhere."""

    id: str
    module: str
    function: str
    lines: tuple[int, int]
    at_import: bool
    operator: str
    says: str
    path: tuple[Step, ...]
    node: ast.AST


@dataclass(frozen=True, slots=True)
class _Site:
    path: tuple[Step, ...]
    node: ast.AST
    function: str
    in_function: bool
    in_raise: bool

    def changes(self) -> Iterator[Variant]:
        name, _ = self.path[-1]
        if name in DECIDING and isinstance(self.node, ast.expr):
            yield from conditions(self.node)
        is_sentence = isinstance(self.node, ast.Constant) and isinstance(self.node.value, str)
        if not (self.in_raise and is_sentence):
            yield from variants(self.node)

    def different(self) -> Iterator[Variant]:
        """`while True` is true already."""
        return (each for each in self.changes() if ast.dump(each.node) != ast.dump(self.node))


def modules(room: str) -> list[str]:
    """The names of the modules of a room."""
    paths = [path for pattern in ROOMS[room] for path in sorted(SHARED.glob(pattern))]
    names = [".".join(path.relative_to(SHARED).with_suffix("").parts) for path in paths]
    return [name for name in names if not name.endswith("__init__")]


def mutants_of(module: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its source."""
    tree = ast.parse(source_of(module).read_text(encoding="utf-8"))
    found, seen = [], Counter[str]()
    for site in _sites(tree, _Site((), tree, "", in_function=False, in_raise=False)):
        for change in site.different():
            whole = "|".join((module, site.function, change.operator, change.says))
            whole += f"|{ast.dump(site.node)}|{ast.dump(change.node)}"
            seen[whole] += 1
            name = sha256(f"{whole}|{seen[whole]}".encode()).hexdigest()[:12]
            first = getattr(site.node, "lineno", 1)
            lines = (first, getattr(site.node, "end_lineno", None) or first)
            found.append(
                Mutant(
                    id=name,
                    module=module,
                    function=site.function or "(module)",
                    lines=lines,
                    at_import=not site.in_function,
                    operator=change.operator,
                    says=change.says,
                    path=site.path,
                    node=change.node,
                )
            )
    return found


def source_of(module: str) -> Path:
    """Where a module of the product is written."""
    return SHARED / (module.replace(".", "/") + ".py")


def compiled(mutant: Mutant) -> CodeType:
    """The module with its one fault."""
    path = source_of(mutant.module)
    tree: Any = deepcopy(ast.parse(path.read_text(encoding="utf-8")))
    parent, (name, index) = tree, mutant.path[-1]
    for step, place in mutant.path[:-1]:
        parent = getattr(parent, step) if place is None else getattr(parent, step)[place]
    old = getattr(parent, name) if index is None else getattr(parent, name)[index]
    new = ast.copy_location(mutant.node, old) if hasattr(old, "lineno") else mutant.node
    if index is None:
        setattr(parent, name, new)
    else:
        getattr(parent, name)[index] = new
    return compile(ast.fix_missing_locations(tree), str(path), "exec")


class _Loader(importlib.machinery.SourceFileLoader):
    code: CodeType

    def get_code(self, fullname: str) -> CodeType:
        return self.code


class _Finder:
    def __init__(self, names: Iterable[str], code_of: Callable[[str], CodeType]) -> None:
        self._names = frozenset(names)
        self._code_of = code_of

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name not in self._names:
            return None
        loader = _Loader(name, str(source_of(name)))
        loader.code = self._code_of(name)
        spec = importlib.machinery.ModuleSpec(name, loader, origin=loader.path)
        spec.has_location = True
        return spec


def install(mutant: Mutant) -> None:
    """Break the product for the rest of this process, before it is imported."""
    code = compiled(mutant)
    _intercept([mutant.module], lambda _: code)


def watch_imports(names: Iterable[str], watch: Callable[[CodeType], None]) -> None:
    """Show the code of these modules to `watch` as they are imported, unchanged."""

    def code_of(name: str) -> CodeType:
        path = source_of(name)
        code = compile(path.read_text(encoding="utf-8"), str(path), "exec")
        watch(code)
        return code

    _intercept(names, code_of)


def _intercept(names: Iterable[str], code_of: Callable[[str], CodeType]) -> None:
    loaded = [name for name in sys.modules if name.startswith("payments")]
    assert not loaded, f"already imported: {loaded[:3]}"
    sys.meta_path.insert(0, _Finder(names, code_of))


def _sites(node: ast.AST, here: _Site) -> Iterator[_Site]:
    for name, value in ast.iter_fields(node):
        if name in LEFT_OUT or (isinstance(node, ast.Call) and _names_a_type(node)):
            continue
        is_body = isinstance(node, ast.FunctionDef | ast.Lambda) and name == "body"
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_left_out(child):
                continue
            path = (*here.path, (name, index))
            scope = _scope(child, here.function)
            in_function = here.in_function or is_body
            yield _Site(path, child, scope, in_function, here.in_raise)
            in_raise = here.in_raise or isinstance(child, ast.Raise)
            yield from _sites(child, _Site(path, child, scope, in_function, in_raise))


def _scope(node: ast.AST, around: str) -> str:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return f"{around}.{node.name}".lstrip(".")
    return around


def _is_left_out(node: ast.AST) -> bool:
    """Imports, type aliases, docstrings and assertions are no rule of the product."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Import | ast.ImportFrom | ast.TypeAlias | ast.Assert)


def _names_a_type(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in NAMING
