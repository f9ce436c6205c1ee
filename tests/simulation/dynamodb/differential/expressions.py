"""Writes random expressions, conditions and updates over the attributes that payments have."""

from __future__ import annotations

from random import Random
from typing import Any

type Value = dict[str, Any]

NUMBER_ATTRIBUTES = ("version", "due_at", "created_at", "amount_kes", "p1", "p2", "p3")
TEXT_ATTRIBUTES = ("status", "open", "checkout_request_id", "note", "day_shard")
# Attributes that are index keys: always of their own type, or the write is refused.
INDEX_KEYS = {"open": "S", "due_at": "N", "checkout_request_id": "S", "day_shard": "S"} | {
    "created_at": "N"
}
OTHER_ATTRIBUTES = {
    "holds_locks": "BOOL",
    "tags": "SS",
    "sizes": "NS",
    "op_ids": "L",
    "extra": "M",
    "nothing": "NULL",
    "digest": "B",
}
ATTRIBUTES = (*NUMBER_ATTRIBUTES, *TEXT_ATTRIBUTES, *OTHER_ATTRIBUTES)
RESERVED = frozenset(("status", "open"))

NUMBERS = ("0", "1", "2", "3", "10", "-1", "1.5", "1.50", "1E2", "900", "1700000000", "0.001")
TEXTS = ("a", "ab", "abc", "b", "pending", "failed", "", "é", "PAY#1")
# Over one write unit of 1 KB, so that sizes matter.
LONG_TEXT = "long " * 220
COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")


def type_of_attribute(name: str) -> str:
    """The type an attribute usually has."""
    if name in NUMBER_ATTRIBUTES:
        return "N"
    return OTHER_ATTRIBUTES.get(name, "S")


def random_value(rng: Random, kind: str) -> Value:
    """A value of this type, from a small stock so that values meet again."""
    match kind:
        case "N":
            return {"N": rng.choice(NUMBERS)}
        case "S":
            return {"S": LONG_TEXT if rng.random() < 0.08 else rng.choice(TEXTS)}
        case "B":
            return {"B": rng.choice((b"a", b"ab", b"\x00\xff"))}
        case "BOOL":
            return {"BOOL": rng.random() < 0.5}
        case "NULL":
            return {"NULL": True}
        case "SS":
            return {"SS": rng.sample(("a", "b", "c"), rng.randint(1, 3))}
        case "NS":
            return {"NS": rng.sample(("1", "2", "3.5"), rng.randint(1, 3))}
        case "L":
            return {"L": [random_value(rng, rng.choice("NS")) for _ in range(rng.randint(0, 3))]}
        case _:
            return {
                "M": {
                    name: random_value(rng, rng.choice(("N", "S", "L")))
                    for name in rng.sample(("a", "b", "c"), rng.randint(0, 3))
                }
            }


class ExpressionWriter:
    """Builds the expressions of one request, with their names and values."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.names: dict[str, str] = {}
        self.values: dict[str, Value] = {}

    def parameters(self) -> dict[str, Any]:
        """ExpressionAttributeNames and -Values, each only if there are any."""
        parameters: dict[str, Any] = {}
        if self.names:
            parameters["ExpressionAttributeNames"] = self.names
        if self.values:
            parameters["ExpressionAttributeValues"] = self.values
        return parameters

    def name(self, attribute: str) -> str:
        """The attribute by its name or by a reference."""
        if attribute not in RESERVED and self.rng.random() < 0.7:
            return attribute
        self.names[f"#{attribute}"] = attribute
        return f"#{attribute}"

    def value(self, value: Value) -> str:
        """A reference to a literal."""
        reference = f":v{len(self.values)}"
        self.values[reference] = value
        return reference

    def condition(self, depth: int = 2) -> str:
        """A random condition."""
        roll = self.rng.random()
        if depth and roll < 0.25:
            return f"{self.condition(depth - 1)} AND {self.condition(depth - 1)}"
        if depth and roll < 0.45:
            return f"({self.condition(depth - 1)} OR {self.condition(depth - 1)})"
        if depth and roll < 0.55:
            return f"NOT {self.condition(0)}"
        return self._comparison()

    def _comparison(self) -> str:
        rng = self.rng
        attribute = rng.choice(ATTRIBUTES)
        kind = type_of_attribute(attribute)
        name = self.name(attribute)
        match rng.randrange(9):
            case 0:
                return f"attribute_exists({name})"
            case 1:
                return f"attribute_not_exists({name})"
            case 2:
                wanted = rng.choice(("S", "N", "L", "M", "SS", kind))
                return f"attribute_type({name}, {self.value({'S': wanted})})"
            case 3 if kind in ("S", "B"):
                return f"begins_with({name}, {self.value(random_value(rng, kind))})"
            case 4 if kind in ("SS", "NS", "L", "S"):
                member = {"SS": "S", "NS": "N"}.get(kind, "S")
                return f"contains({name}, {self.value(random_value(rng, member))})"
            case 5 if kind in ("S", "L", "SS", "M"):
                count = self.value({"N": str(rng.randint(0, 3))})
                return f"size({name}) {rng.choice(COMPARATORS)} {count}"
            case 6:
                choices = ", ".join(
                    self.value(random_value(rng, kind)) for _ in range(rng.randint(1, 3))
                )
                return f"{name} IN ({choices})"
            case 7 if kind in ("N", "S"):
                low, high = sorted(
                    (random_value(rng, kind) for _ in range(2)),
                    key=lambda value: float(value["N"]) if kind == "N" else value["S"],
                )
                return f"{name} BETWEEN {self.value(low)} AND {self.value(high)}"
            case 8 if kind in ("N", "S"):
                pool = NUMBER_ATTRIBUTES if kind == "N" else TEXT_ATTRIBUTES
                other = rng.choice([each for each in pool if each != attribute])
                second = self.name(other)
                # How two absent attributes compare is not documented: see known_differences.
                return (
                    f"attribute_exists({name}) AND attribute_exists({second}) AND "
                    f"{name} {rng.choice(COMPARATORS)} {second}"
                )
            case _:
                operators = COMPARATORS if kind in ("N", "S", "B") else ("=", "<>")
                literal = self.value(random_value(rng, kind))
                return f"{name} {rng.choice(operators)} {literal}"

    def update(self) -> str:
        """A random update of one to four attributes."""
        attributes = self.rng.sample(ATTRIBUTES, self.rng.randint(1, 4))
        sections: dict[str, list[str]] = {}
        for attribute in attributes:
            section, action = self._action(attribute)
            sections.setdefault(section, []).append(action)
        return " ".join(f"{name} {', '.join(actions)}" for name, actions in sections.items())

    def _action(self, attribute: str) -> tuple[str, str]:
        rng = self.rng
        kind = type_of_attribute(attribute)
        name = self.name(attribute)
        roll = rng.random()
        if roll < 0.15:
            # Two elements of one list at once are a known difference that shows only later.
            inner = {
                "L": ("", "[0]", "[1]"),
                "M": ("", ".a", f".a, {name}.b[0]"),
            }
            return "REMOVE", name + rng.choice(inner.get(kind, ("",)))
        if roll < 0.35 and kind in ("N", "SS", "NS"):
            section = "DELETE" if kind != "N" and rng.random() < 0.5 else "ADD"
            return section, f"{name} {self.value(random_value(rng, kind))}"
        if roll < 0.75:
            special = self._special_set(attribute, kind, name)
            if special is not None:
                return "SET", special
        value = random_value(rng, kind)
        if attribute in INDEX_KEYS and value == {"S": ""}:
            value = {"S": "x"}
        return "SET", f"{name} = {self.value(value)}"

    def _special_set(self, attribute: str, kind: str, name: str) -> str | None:
        rng = self.rng
        literal = random_value(rng, kind)
        if literal == {"S": ""}:
            literal = {"S": "x"}
        if kind == "N":
            other = self.name(rng.choice(NUMBER_ATTRIBUTES))
            amount = self.value({"N": rng.choice(NUMBERS)})
            return rng.choice(
                (
                    f"{name} = {name} {rng.choice('+-')} {amount}",
                    f"{name} = if_not_exists({other}, {amount}) + {amount}",
                    f"{name} = if_not_exists({name}, {amount})",
                )
            )
        if kind == "L":
            if rng.random() < 0.3:
                return f"{name}[{rng.randint(0, 4)}] = {self.value(random_value(rng, 'N'))}"
            more = self.value(literal)
            empty = self.value({"L": []})
            return f"{name} = list_append(if_not_exists({name}, {empty}), {more})"
        if attribute == "extra":
            step = rng.choice((".a", ".b", ".b[0]", ".c[1]"))
            return f"{name}{step} = {self.value(random_value(rng, 'N'))}"
        return f"{name} = if_not_exists({name}, {self.value(literal)})"
