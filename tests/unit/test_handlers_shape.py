"""Handlers stay thin: what they do beyond HTTP stands in the shared layer, once."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from payments.http.desk_page import FILES

FUNCTIONS = Path(__file__).parents[2] / "functions"
NAMES = (
    *("stk_push", "status", "callback", "paybill", "cleanup", "consultations", "statistics"),
    *("refunds", "webhooks", "desk"),
)
PAGE = (*FILES, "figtree-LICENSE.txt", "oidc-client-ts-LICENSE.txt")
HANDLER_LINES_MAX = 30


def tree(name: str) -> ast.Module:
    """A handler's module, parsed."""
    return ast.parse((FUNCTIONS / name / "app.py").read_text(encoding="utf-8"))


def imported(module: ast.Module) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a handler has no neighbours to import from"
            found.add(str(node.module).partition(".")[0])
    return found


def test_these_are_all_the_functions() -> None:
    folders = {path.name for path in FUNCTIONS.iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_handlers_body_is_at_most_thirty_lines(name: str) -> None:
    functions = (node for node in tree(name).body if isinstance(node, ast.FunctionDef))
    [handler] = [each for each in functions if each.name == "handler"]
    assert [argument.arg for argument in handler.args.args] == ["event", "context"]
    assert (handler.end_lineno or 0) - handler.body[0].lineno + 1 <= HANDLER_LINES_MAX


@pytest.mark.parametrize("name", NAMES)
def test_a_handler_imports_the_layer_and_nothing_else(name: str) -> None:
    others = imported(tree(name)) - {"payments"} - sys.stdlib_module_names
    assert others == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_handler_needs_no_more_of_python_than_typing(name: str) -> None:
    assert imported(tree(name)) - {"pathlib"} == {"payments", "typing"}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_else_lies_in_a_functions_folder(name: str) -> None:
    found = {path.name for path in (FUNCTIONS / name).iterdir()} - {"__pycache__"}
    assert found == {"app.py", *(PAGE if name == "desk" else ())}
