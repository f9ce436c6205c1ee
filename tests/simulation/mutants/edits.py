"""What a mutant is: edits in the product's source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in one module of the product."""

    module: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken rule."""

    name: str
    breaks: str
    edits: tuple[Edit, ...]


def one(name: str, breaks: str, module: str, old: str, new: str) -> Mutant:
    """A mutant of one edit."""
    return Mutant(name, breaks, (Edit(module, old, new),))
