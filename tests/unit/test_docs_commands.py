"""What the documents tell people to type exists: verbs, options, modules, variables, files."""

from __future__ import annotations

import functools
import importlib.util
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from local.template import read_template
from tests.unit.test_docs import CODE, DOCUMENTS, ROOT, relative
from tools import import_payments, protect_stack, store_secrets
from tools.hakika.app import app
from tools.hakika.arguments import FLAGS, WITH_VALUE

HAKIKA = re.compile(r"(?:^|[\s(`])(?:bin/)?hakika ([a-z-][^`\n|#]*)", re.MULTILINE)
MODULE = re.compile(r"-m ((?:tools|local|simulator|bench|tests)[\w.]*)([^`\n]*)")
MAKE = re.compile(r"\bmake [a-z-]+((?: [A-Z_]+=\S+)+)")
SETTING = re.compile(r"""(?<=[`"])((?:[A-Z][a-z0-9]+){2,})=(?!=)""")
FILE = re.compile(
    r"`((?:[\w.-]+/)*[\w-]+\.(?:py|md|yaml|yml|json|toml|js|html|css|txt))(?::[^`]*)?`"
)
MADE_LATER = {"bench/results.json", ".local/stack.json", "first-day.txt"}
PLACES = (ROOT, ROOT / "shared", ROOT / "shared" / "payments")
TYPED: dict[str, Callable[..., Any]] = {
    "tools.import_payments": import_payments.main,
    "tools.protect_stack": protect_stack.main,
    "tools.store_secrets": store_secrets.main,
}

parametrize_documents = pytest.mark.parametrize("document", DOCUMENTS, ids=relative)


@pytest.fixture(scope="module")
def parameters() -> set[str]:
    return set(read_template(ROOT / "template.yaml")["Parameters"])


def code_of(document: Path) -> str:
    """What is set as code, without a shell's comments."""
    code = "\n".join(CODE.findall(document.read_text(encoding="utf-8")))
    return re.sub(r"(?m)(^|\s)#.*$", "", code)


def words(command: str) -> list[str]:
    """A command line without its redirections, as a shell would take it apart."""
    return shlex.split(command.replace("`", "").replace("'", ""), posix=True)


def options_of(command: Any) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}


@functools.cache
def root_command() -> Any:
    return typer.main.get_command(app)


def complaints(arguments: list[str]) -> Iterator[str]:
    """What the operator's command would not know about this line."""
    command = root_command()
    shared = options_of(command)
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word in WITH_VALUE:
            del waiting[:1]
        elif word.startswith("--") and word not in FLAGS:
            if word.partition("=")[0] not in options_of(command) | shared:
                yield f"{command.name} has no {word}"
        elif not word.startswith("-") and hasattr(command, "commands"):
            if word not in command.commands:
                yield f"{command.name} has no verb {word}"
                return
            command = command.commands[word]


@parametrize_documents
def test_every_line_of_hakika_names_verbs_and_options_that_exist(document: Path) -> None:
    for line in HAKIKA.findall(code_of(document)):
        assert list(complaints(words(line))) == [], line


@pytest.mark.parametrize(
    "line", ["doctr", "payment list --statuss failed", "--stack x doctor --shove -"]
)
def test_a_line_that_is_wrong_is_noticed(line: str) -> None:
    assert list(complaints(words(line)))


@parametrize_documents
def test_every_module_that_is_run_exists_and_has_the_options(document: Path) -> None:
    for name, rest in MODULE.findall(code_of(document)):
        assert importlib.util.find_spec(name) is not None, name
        if name in TYPED:
            single = typer.Typer()
            single.command()(TYPED[name])
            options = options_of(typer.main.get_command(single))
            assert set(re.findall(r"--[a-z-]+", rest)) <= options, f"{name}{rest}"


@parametrize_documents
def test_every_variable_given_to_make_is_one_of_its_own(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for given in MAKE.findall(code_of(document)):
        for name in re.findall(r"([A-Z_]+)=", given):
            assert re.search(rf"\$\({name}\)|^export {name}$", makefile, re.MULTILINE), name


@parametrize_documents
def test_every_parameter_that_is_set_exists_in_the_template(
    document: Path, parameters: set[str]
) -> None:
    named = set(SETTING.findall(code_of(document)))
    assert named <= parameters, f"no such parameters: {sorted(named - parameters)}"


def test_every_parameter_of_samconfig_exists_in_the_template(parameters: set[str]) -> None:
    """The commented ones too: they are what a person is told to fill in."""
    named = set(SETTING.findall((ROOT / "samconfig.toml").read_text(encoding="utf-8")))
    assert len(named) > 10
    assert named <= parameters


@parametrize_documents
def test_every_file_that_is_named_exists(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for name in set(FILE.findall(text)) - MADE_LATER:
        places = (document.parent, *PLACES)
        is_there = any((place / name).exists() for place in places)
        assert is_there or is_somewhere(name), f"{name} does not exist"


def is_somewhere(name: str) -> bool:
    """A file that is named without its folder, because the text around it says which."""
    folders = ("shared", "functions", "tests", "tools", "local", "simulator", "web", "bench")
    return "/" not in name and any(
        path.name == name for folder in folders for path in (ROOT / folder).rglob(f"*{name}")
    )
