"""The changes that a mutant can make to one node of a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

TEXT_CHARACTERS = 90
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
EXPRESSION_WORDS = {
    " AND ": " OR ",
    " OR ": " AND ",
    " = ": " <> ",
    " <> ": " = ",
    " <= ": " < ",
    " < ": " <= ",
    " >= ": " > ",
    " > ": " >= ",
}
"""Of DynamoDB's condition expressions."""
UNREACHABLE = {"assert_never"}


@dataclass(frozen=True, slots=True)
class Variant:
    """One change: the node that takes the place of another."""

    operator: str
    node: ast.AST
    says: str


def variants(node: ast.AST) -> Iterator[Variant]:
    """Each change of a node, without those of the nodes inside it."""
    yield from _of_expression(node)
    yield from _of_member_lists(node)
    yield from _of_statement(node)


def conditions(node: ast.expr) -> Iterator[Variant]:
    """The changes of an expression that decides which way a program takes."""
    for value in (True, False):
        yield _becomes("condition", node, ast.Constant(value))


def text(node: ast.AST) -> str:
    """The source of a node on one line, shortened."""
    whole = " ".join(ast.unparse(node).split())
    return whole if len(whole) <= TEXT_CHARACTERS else f"{whole[:TEXT_CHARACTERS]} ..."


def _of_expression(node: ast.AST) -> Iterator[Variant]:
    match node:
        case ast.Compare():
            yield from _compared(node)
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield _becomes("and/or", node, ast.BoolOp(other, node.values))
            for index in range(len(node.values)):
                left = _without(node.values, index)
                rest = left[0] if len(left) == 1 else ast.BoolOp(node.op, left)
                yield _becomes("operand dropped", node, rest)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield _becomes("not", node, operand)
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            other_op = ARITHMETIC[type(node.op)]()
            yield _becomes("arithmetic", node, ast.BinOp(node.left, other_op, node.right))
        case ast.Constant():
            yield from _constants(node)
        case ast.JoinedStr():
            yield from _clauses(node)


def _compared(node: ast.Compare) -> Iterator[Variant]:
    for index, op in enumerate(node.ops):
        for other in COMPARISONS[type(op)]:
            ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
            yield _becomes("comparison", node, ast.Compare(node.left, ops, node.comparators))


def _constants(node: ast.Constant) -> Iterator[Variant]:
    value = node.value
    if isinstance(value, bool):
        yield _becomes("constant", node, ast.Constant(not value))
    elif isinstance(value, int | float):
        yield _becomes("constant", node, ast.Constant(value + 1))
    elif isinstance(value, str):
        yield _becomes("constant", node, ast.Constant(f"{value}?"))
        for word, other in EXPRESSION_WORDS.items():
            if word in value:
                changed = value.replace(word, other, 1)
                yield _becomes("stored condition", node, ast.Constant(changed))


def _clauses(node: ast.JoinedStr) -> Iterator[Variant]:
    """A condition expression loses what is before or after an AND."""
    for index, part in enumerate(node.values):
        if not isinstance(part, ast.Constant) or " AND " not in str(part.value):
            continue
        before, _, after = str(part.value).partition(" AND ")
        for values in (
            [*node.values[:index], ast.Constant(before)],
            [ast.Constant(after), *node.values[index + 1 :]],
        ):
            yield _becomes("stored condition", node, ast.JoinedStr(values))


def _of_member_lists(node: ast.AST) -> Iterator[Variant]:
    match node:
        case ast.Set(elts) | ast.List(elts, ast.Load()) | ast.Tuple(elts, ast.Load()):
            for index, member in enumerate(elts):
                less: ast.AST = copy(node)
                less.elts = _without(elts, index)  # type: ignore[attr-defined]
                if isinstance(node, ast.Set) and not less.elts:  # type: ignore[attr-defined]
                    less = ast.Call(ast.Name("set", ast.Load()), [], [])
                yield _loses("member dropped", node, less, member)
        case ast.Dict():
            for index, key in enumerate(node.keys):
                fewer = ast.Dict(_without(node.keys, index), _without(node.values, index))
                yield _loses("member dropped", node, fewer, key or node.values[index])
        case ast.MatchOr():
            for index, pattern in enumerate(node.patterns):
                left = _without(node.patterns, index)
                one = left[0] if len(left) == 1 else ast.MatchOr(left)
                yield _loses("pattern dropped", node, one, pattern)
        case ast.Call():
            for index, keyword in enumerate(node.keywords):
                call = ast.Call(node.func, node.args, _without(node.keywords, index))
                yield _loses("argument dropped", node, call, keyword)
            if len(node.args) > 1:
                call = ast.Call(node.func, node.args[:-1], node.keywords)
                yield _loses("argument dropped", node, call, node.args[-1])


def _of_statement(node: ast.AST) -> Iterator[Variant]:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))) if name in UNREACHABLE:
            return
        case ast.Return(value=value) if value is not None:
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield _becomes("return", node, ast.Return(ast.Constant(None)))
            if isinstance(value, ast.Compare | ast.BoolOp):
                for answer in (True, False):
                    yield _becomes("return", node, ast.Return(ast.Constant(answer)))
        case ast.Expr(value=ast.Call()):
            yield _becomes("statement deleted", node, ast.Pass())
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield _becomes("statement deleted", node, ast.Pass())
        case ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break() | ast.Delete():
            yield _becomes("statement deleted", node, ast.Pass())


def _becomes(operator: str, before: ast.AST, after: ast.AST) -> Variant:
    return Variant(operator, after, f"`{text(before)}` becomes `{text(_fixed(after))}`")


def _loses(operator: str, before: ast.AST, after: ast.AST, member: ast.AST) -> Variant:
    return Variant(operator, after, f"`{text(before)}` loses `{text(member)}`")


def _fixed(node: ast.AST) -> ast.AST:
    return ast.fix_missing_locations(node)


def _without[T](members: Sequence[T], index: int) -> list[T]:
    return [*members[:index], *members[index + 1 :]]
