"""Document paths: from an expression's path to the value in an item.

A parsed path may hold "#references"; `resolver` returns a function that reads the value under
the request's names, `resolve` the path of plain names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .tokens import Path
from .values import Item, Value

type Names = Mapping[str, str]
type Values = Mapping[str, Value]
# Reads an operand from an item; None where it does not exist.
type Operand = Callable[[Item, Names, Values], Value | None]


def resolve(path: Path, names: Names) -> Path:
    """The path with every "#reference" replaced by the attribute name it stands for."""
    return tuple(
        names[step] if isinstance(step, str) and step.startswith("#") else step for step in path
    )


def read(item: Item, path: Path) -> Value | None:
    """The value at a resolved path, or None."""
    value = item.get(path[0])  # type: ignore[arg-type]
    for step in path[1:]:
        if value is None:
            return None
        value = _child(value, step)
    return value


def resolver(path: Path) -> Operand:
    """A reader for a parsed path, as direct as the path allows: it runs for every condition."""
    if len(path) > 1:
        return lambda item, names, values: read(item, resolve(path, names))
    [name] = path
    assert isinstance(name, str)
    if name.startswith("#"):
        return lambda item, names, values: item.get(names[name])
    return lambda item, names, values: item.get(name)


def overlap(left: Path, right: Path) -> bool:
    """Whether one path is the other or lies inside it."""
    shorter = min(len(left), len(right))
    return left[:shorter] == right[:shorter]


def conflict(left: Path, right: Path) -> bool:
    """Whether two paths use one place both as a map and as a list."""
    for one, other in zip(left, right, strict=False):
        if isinstance(one, str) != isinstance(other, str):
            return True
        if one != other:
            return False
    return False


def text(path: Path) -> str:
    """A path as the service prints it in errors: `[a, b, [3]]`."""
    return "[" + ", ".join(f"[{s}]" if isinstance(s, int) else s for s in path) + "]"


def _child(value: Value, step: str | int) -> Value | None:
    if isinstance(step, str):
        children = value.get("M")
        return None if children is None else children.get(step)
    elements = value.get("L")
    if elements is None or step >= len(elements):
        return None
    child: Value = elements[step]
    return child
