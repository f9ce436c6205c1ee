"""No assertion of a test can hold whatever the product does, as far as its text tells.

Kinds: a literal, a comparison of something with itself, an empty text that is in every text, an
`expect` without a question, and an absence in a text of a page that was never seen to be there:
`inner_text()` of an element with a shadow is always empty.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.unit.test_docs import ROOT

READS_OF_A_PAGE = {"inner_text", "text_content", "inner_html", "all_inner_texts", "evaluate"}
LITERALS = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.JoinedStr, ast.Lambda)
NEVER_FALSE = (*LITERALS, ast.GeneratorExp)
ABSENCES = (ast.NotIn, ast.NotEq, ast.IsNot)


def cannot_fail(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the kind of each assertion that cannot fail."""
    reads_a_page = any(name in source for name in READS_OF_A_PAGE)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            yield from ((node.lineno, kind) for kind in _kinds(node.test))
        elif isinstance(node, ast.Expr) and _asks_nothing(node.value):
            yield node.lineno, "an expect without a question"
        elif isinstance(node, ast.FunctionDef) and reads_a_page:
            yield from _absences_in_unseen_texts(node)


def _kinds(test: ast.expr) -> Iterator[str]:
    if isinstance(test, NEVER_FALSE):
        yield "a literal"
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        yield from ("a literal" for value in test.values if isinstance(value, NEVER_FALSE))
    for each in ast.walk(test):
        if not isinstance(each, ast.Compare):
            continue
        left = each.left
        for operator, right in zip(each.ops, each.comparators, strict=True):
            if ast.dump(left) == ast.dump(right) and not _calls(left):
                yield "a comparison with itself"
            if isinstance(operator, ast.In) and isinstance(left, ast.Constant) and left.value == "":
                yield "an empty text"
            left = right


def _calls(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Call) for each in ast.walk(node))


def _asks_nothing(node: ast.expr) -> bool:
    """`expect(x)` alone, or a matcher that is named and not called."""
    if isinstance(node, ast.Attribute):
        node = node.value
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Name) and called.id == "expect"


def _absences_in_unseen_texts(function: ast.FunctionDef) -> Iterator[tuple[int, str]]:
    """An absence is proven only in a text that the function has seen something in."""
    read = {
        target.id
        for each in ast.walk(function)
        if isinstance(each, ast.Assign) and _reads_a_page(each.value)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    asserts = [each.test for each in ast.walk(function) if isinstance(each, ast.Assert)]
    seen = {name for test in asserts if not _is_absence(test) for name in read & _names(test)}
    for test in asserts:
        if _is_absence(test) and (_reads_a_page(test) or read & _names(test) - seen):
            yield test.lineno, "an absence in a text that nobody saw"


def _is_absence(test: ast.expr) -> bool:
    if isinstance(test, ast.UnaryOp):
        return isinstance(test.op, ast.Not)
    return isinstance(test, ast.Compare) and isinstance(test.ops[0], ABSENCES)


def _reads_a_page(node: ast.AST) -> bool:
    names = (each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute))
    return not READS_OF_A_PAGE.isdisjoint(names)


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


@pytest.mark.parametrize(
    ("assertion", "is_found"),
    [
        ("assert (page, 'is open')", True),
        ("assert [name]", True),
        ("assert f'{name}'", True),
        ("assert (each.is_paid for each in payments)", True),
        ("assert payment.is_paid or 'paid'", True),
        ("assert payment.status == payment.status", True),
        ("assert next(ids) != next(ids)", False),
        ("assert '' in answer.text", True),
        ("assert 'Paid' in answer.text", False),
        ("expect(button)", True),
        ("expect(button).to_be_visible", True),
        ("expect(button).to_be_visible()", False),
        ("assert 'undefined' not in host.inner_text()", True),
        ("assert not re.search('null', host.text_content())", True),
        ("assert host.inner_text() == 'Paid'", False),
        ("text = host.inner_text(); assert 'null' not in text", True),
        ("text = host.inner_text(); assert not re.search('null', text)", True),
        ("text = host.inner_text(); assert text; assert 'null' not in text", False),
        ("text = host.inner_text(); assert 'Paid' in text; assert 'null' not in text", False),
    ],
)
def test_each_kind_is_found(assertion: str, is_found: bool) -> None:
    body = assertion.replace("; ", "\n    ")
    assert bool(list(cannot_fail(f"def test():\n    {body}\n"))) is is_found


def test_every_assertion_of_the_tests_can_fail() -> None:
    tests = [path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts]
    assert len(tests) > 100
    found = [
        f"{path.relative_to(ROOT)}:{line}: {kind}"
        for path in tests
        for line, kind in cannot_fail(path.read_text(encoding="utf-8"))
    ]
    assert found == []
