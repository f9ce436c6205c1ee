"""Carries out the actions of an update on a copy of the item."""

from __future__ import annotations

from typing import Any

from .errors import ValidationError
from .tokens import Path, PathStep
from .values import Item, Value, canonical

# Marks an attribute to be taken away.
Remove = None
type Action = tuple[Path, Value | None]

_BAD_PATH = "The document path provided in the update expression is invalid for update"


def apply_actions(item: Item, actions: list[Action]) -> Item:
    """A new item with every action applied; nothing that `item` holds is changed.

    List positions mean those of the old list: elements are set first, in order of position, and
    removed last, from the end.
    """
    result = dict(item)
    nested: list[Action] = []
    for path, value in actions:
        if len(path) > 1:
            nested.append((path, value))
        elif value is Remove:
            result.pop(path[0], None)  # type: ignore[arg-type]
        else:
            result[path[0]] = value  # type: ignore[index]
    if nested:
        _apply_nested(result, nested)
    return result


def put(kind: str, members: set[str]) -> Value:
    """A canonical set value of these members."""
    return canonical({kind: list(members)})


def _apply_nested(result: Item, actions: list[Action]) -> None:
    for name in {path[0] for path, _ in actions}:
        assert isinstance(name, str)
        if name not in result:
            raise ValidationError(_BAD_PATH)
        result[name] = _copy(result[name])
    sets = sorted((a for a in actions if a[1] is not Remove), key=lambda action: _order(action[0]))
    removals = sorted(
        (a for a in actions if a[1] is Remove), key=lambda action: _order(action[0]), reverse=True
    )
    # Parents are found before anything moves, so that positions mean those of the old lists.
    located = [(_parent(result, path), path[-1], value) for path, value in sets + removals]
    for parent, step, value in located:
        if isinstance(step, str):
            _change_map(parent, step, value)
        else:
            _change_list(parent, step, value)


def _order(path: Path) -> list[tuple[int, str]]:
    return [(step, "") if isinstance(step, int) else (-1, step) for step in path]


def _copy(value: Value) -> Value:
    if "M" in value:
        return {"M": {name: _copy(child) for name, child in value["M"].items()}}
    if "L" in value:
        return {"L": [_copy(child) for child in value["L"]]}
    return value


def _parent(item: Item, path: Path) -> Value:
    value: Any = item[path[0]]  # type: ignore[index]
    for step in path[1:-1]:
        children = value.get("M" if isinstance(step, str) else "L")
        if children is None or not _has(children, step):
            raise ValidationError(_BAD_PATH)
        value = children[step]
    if ("M" if isinstance(path[-1], str) else "L") not in value:
        raise ValidationError(_BAD_PATH)
    found: Value = value
    return found


def _has(children: Any, step: PathStep) -> bool:
    return step in children if isinstance(step, str) else step < len(children)


def _change_map(parent: Value, name: str, value: Value | None) -> None:
    if value is Remove:
        parent["M"].pop(name, None)
    else:
        parent["M"][name] = value


def _change_list(parent: Value, position: int, value: Value | None) -> None:
    elements = parent["L"]
    if value is Remove:
        if position < len(elements):
            del elements[position]
    elif position < len(elements):
        elements[position] = value
    else:
        # A position beyond the end appends.
        elements.append(value)
