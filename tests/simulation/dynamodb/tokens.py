"""Splits an expression into tokens and walks over them; shared by every expression grammar."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from .errors import ValidationError
from .reserved_words import RESERVED_WORDS

EXPRESSION_BYTES_MAX = 4096

_TOKEN = re.compile(
    r"\s*(?:(?P<name_reference>\#[A-Za-z0-9_]+)|(?P<value_reference>:[A-Za-z0-9_]+)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9]+)"
    r"|(?P<symbol><>|<=|>=|[=<>(),.\[\]+-]))"
)

# One step of a document path: a literal name, a "#reference", or a list position.
type PathStep = str | int
type Path = tuple[PathStep, ...]


class Token(NamedTuple):
    """One token; `text` is "<EOF>" and `kind` is "end" after the last one."""

    kind: str
    text: str


END = Token("end", "<EOF>")


class TokenReader:
    """Reads tokens in order and collects the references that the expression makes.

    Errors: ValidationError that starts with "Invalid <slot>: ", as the service words it.
    """

    def __init__(self, expression: str, slot: str) -> None:
        self.slot = slot
        self.names: set[str] = set()
        self.values: set[str] = set()
        # The first step of every path: the attributes that the expression looks at.
        self.roots: set[str] = set()
        self._position = 0
        if not expression.strip():
            self.fail("The expression can not be empty;")
        if len(expression.encode()) > EXPRESSION_BYTES_MAX:
            self.fail("Expression size has exceeded the maximum allowed size;")
        self._tokens = self._split(expression)

    def _split(self, expression: str) -> list[Token]:
        tokens: list[Token] = []
        position, end = 0, len(expression.rstrip())
        while position < end:
            match = _TOKEN.match(expression, position)
            if match is None or match.lastgroup is None:
                bad = expression[position:].strip()[:1]
                self.fail(f'Syntax error; token: "{bad}", near: "{expression[position:][:8]}"')
            tokens.append(Token(match.lastgroup, match[match.lastgroup]))
            position = match.end()
        tokens.append(END)
        return tokens

    def fail(self, reason: str) -> NoReturn:
        """Refuse the expression."""
        raise ValidationError(f"Invalid {self.slot}: {reason}")

    def fail_here(self) -> NoReturn:
        """Refuse the expression at the current token."""
        start = max(self._position - 1, 0)
        near = " ".join(token.text for token in self._tokens[start : start + 3] if token != END)
        self.fail(f'Syntax error; token: "{self.peek().text}", near: "{near}"')

    def peek(self, ahead: int = 0) -> Token:
        """The token `ahead` places on, without taking it."""
        position = self._position + ahead
        return self._tokens[position] if position < len(self._tokens) else END

    def take(self) -> Token:
        """The current token; moves on."""
        token = self.peek()
        self._position += 1
        return token

    def at_symbol(self, text: str) -> bool:
        """Whether the current token is this symbol."""
        token = self.peek()
        return token.kind == "symbol" and token.text == text

    def at_keyword(self, text: str) -> bool:
        """Whether the current token is this keyword, in any letter case."""
        token = self.peek()
        return token.kind == "word" and token.text.upper() == text

    def accept_symbol(self, text: str) -> bool:
        """Take this symbol if it is next."""
        if self.at_symbol(text):
            self._position += 1
            return True
        return False

    def accept_keyword(self, text: str) -> bool:
        """Take this keyword if it is next."""
        if self.at_keyword(text):
            self._position += 1
            return True
        return False

    def expect_symbol(self, text: str) -> None:
        """Take this symbol or refuse the expression."""
        if not self.accept_symbol(text):
            self.fail_here()

    def expect_end(self) -> None:
        """Refuse whatever follows a complete expression."""
        if self.peek() != END:
            self.fail_here()

    def take_value_reference(self) -> str:
        """A ":reference", recorded as used."""
        token = self.peek()
        if token.kind != "value_reference":
            self.fail_here()
        self._position += 1
        self.values.add(token.text)
        return token.text

    def take_path(self) -> Path:
        """A document path such as `a`, `#a.b[3]`; its name references are recorded as used."""
        root = self._take_name()
        self.roots.add(root)
        steps: list[PathStep] = [root]
        while True:
            if self.accept_symbol("."):
                steps.append(self._take_name())
            elif self.accept_symbol("["):
                if self.peek().kind != "number":
                    self.fail_here()
                steps.append(int(self.take().text))
                self.expect_symbol("]")
            else:
                return tuple(steps)

    def _take_name(self) -> str:
        token = self.peek()
        if token.kind == "name_reference":
            self.names.add(token.text)
        elif token.kind != "word":
            self.fail_here()
        elif token.text.upper() in RESERVED_WORDS:
            self.fail(
                "Attribute name is a reserved keyword; reserved keyword: " + token.text,
            )
        self._position += 1
        return token.text
