"""Projection expressions: the attributes, or parts of them, that a read gives back.

Source: Amazon DynamoDB Developer Guide, "Using projection expressions in DynamoDB".
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from .errors import ValidationError
from .paths import Names, conflict, overlap, read, resolve, text
from .tokens import Path, TokenReader
from .values import Item

SLOT = "ProjectionExpression"


class ParsedProjection(NamedTuple):
    """The paths a projection names and its references."""

    paths: tuple[Path, ...]
    names: frozenset[str]

    def resolved(self, names: Names) -> list[Path]:
        """The paths of plain names; ValidationError where two overlap or conflict."""
        paths = [resolve(path, names) for path in self.paths]
        if len({path[0] for path in paths}) < len(paths):
            _refuse_overlaps(paths)
        return paths


@lru_cache(maxsize=1024)
def parse_projection(expression: str) -> ParsedProjection:
    """The parsed form; ValidationError where the expression is malformed."""
    reader = TokenReader(expression, SLOT)
    paths = [reader.take_path()]
    while reader.accept_symbol(","):
        paths.append(reader.take_path())
    reader.expect_end()
    return ParsedProjection(tuple(paths), frozenset(reader.names))


def project(item: Item, paths: list[Path]) -> Item:
    """The parts of an item at these paths; what does not exist is left out."""
    if all(len(path) == 1 for path in paths):
        return {name: item[name] for (name,) in paths if name in item}
    tree: dict[Any, Any] = {}
    for path in paths:
        value = read(item, path)
        if value is not None:
            branch = tree
            for step in path[:-1]:
                branch = branch.setdefault(step, {})
            branch[path[-1]] = (value,)
    return {name: _rebuild(branch) for name, branch in tree.items()}


def _rebuild(branch: Any) -> Any:
    """Turns the tree of wanted parts into values; list elements close up in order."""
    if isinstance(branch, tuple):
        return branch[0]
    if isinstance(next(iter(branch)), int):
        return {"L": [_rebuild(branch[position]) for position in sorted(branch)]}
    return {"M": {name: _rebuild(child) for name, child in branch.items()}}


def _refuse_overlaps(paths: list[Path]) -> None:
    for position, one in enumerate(paths):
        for other in paths[position + 1 :]:
            for problem, verdict in ((overlap, "overlap"), (conflict, "conflict")):
                if problem(one, other):
                    raise ValidationError(
                        f"Invalid {SLOT}: Two document paths {verdict} with each other; must "
                        "remove or rewrite one of these paths; path one: "
                        f"{text(one)}, path two: {text(other)}"
                    )
