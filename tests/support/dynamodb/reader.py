"""Reads the text of an expression: tokens, attribute names, placeholders and document paths.

Errors: UnsupportedRequestError for every form that the product does not write. A bare attribute
    name must contain an underscore or be a key's name: no reserved word of the service does, so a
    bare name can never be one.

Source: Amazon DynamoDB Developer Guide, "Expression attribute names (aliases) in DynamoDB",
"Reserved words in DynamoDB".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from .errors import UnsupportedRequestError, ValidationError
from .values import Item, Value

type Names = Mapping[str, str]
type Values = Mapping[str, Value]
type Path = tuple[str, ...]

EXPRESSION_BYTES_MAX = 4096
_TOKEN = re.compile(r"\s*([#:]?[A-Za-z_][A-Za-z0-9_]*|<>|<=|>=|[=<>(),.+-])")
_BARE_NAME = re.compile(r"pk|sk|id|[A-Za-z0-9]+_[A-Za-z0-9_]*")


class Reader:
    """Reads tokens in order and notes the placeholders that were used."""

    def __init__(self, text: str) -> None:
        if len(text.encode()) > EXPRESSION_BYTES_MAX:
            raise ValidationError("Expression size has exceeded the maximum allowed size")
        self.used: set[str] = set()
        # Whether the condition read last is one in parentheses.
        self.is_group = False
        self._text = text
        self._tokens = _TOKEN.findall(text)
        if "".join(self._tokens) != "".join(text.split()):
            self.refuse()
        self._position = 0

    def refuse(self) -> NoReturn:
        """Errors: UnsupportedRequestError, always."""
        raise UnsupportedRequestError(f"not an expression of the product: {self._text}")

    def peek(self) -> str:
        """Return the next token, "" at the end."""
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def take(self) -> str:
        """Return the next token and move on."""
        token = self.peek()
        self._position += 1
        return token

    def accept(self, token: str) -> bool:
        """Take this token if it is next."""
        if self.peek() != token:
            return False
        self._position += 1
        return True

    def accept_function(self, *functions: str) -> str | None:
        """Take one of these functions' names and its parenthesis, if they are next."""
        if self.peek() not in functions or self._tokens[self._position + 1 :][:1] != ["("]:
            return None
        self._position += 2
        return str(self._tokens[self._position - 2])

    def expect(self, token: str) -> None:
        """Take this token. Errors: UnsupportedRequestError where another is next."""
        if not self.accept(token):
            self.refuse()

    def expect_end(self) -> None:
        """Errors: UnsupportedRequestError where something is left."""
        if self.peek():
            self.refuse()

    def take_value(self) -> str:
        """Return a value's placeholder."""
        token = self.take()
        if not token.startswith(":"):
            self.refuse()
        self.used.add(token)
        return token

    def take_path(self) -> Path:
        """Return a document path: names or their placeholders, with dots between."""
        steps = [self._take_name()]
        while self.accept("."):
            steps.append(self._take_name())
        return tuple(steps)

    def _take_name(self) -> str:
        token = self.take()
        if token.startswith("#"):
            self.used.add(token)
        elif not _BARE_NAME.fullmatch(token):
            self.refuse()
        return token


def resolve(path: Path, names: Names) -> Path:
    """Return a path of plain names."""
    if len(path) == 1:
        return (names.get(path[0], path[0]),)
    return tuple(names.get(step, step) for step in path)


def value_at(item: Item, path: Path, names: Names) -> Value | None:
    """Return the value at a path, or None."""
    if len(path) == 1:
        return item.get(names.get(path[0], path[0]))
    children: Item | None = item
    value: Value | None = None
    for step in resolve(path, names):
        value = None if children is None else children.get(step)
        children = None if value is None else value.get("M")
    return value
