"""The simulator is a complete distribution of its own and imports nothing of the product."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "simulator"
OWN = {"simulator", "aiohttp", *sys.stdlib_module_names}
NOT_SHIPPED = {"pyproject.toml", "README.md", "Dockerfile"}


def imported(file: Path) -> set[str]:
    """The top packages that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {each.name.split(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).split(".")[0])
    return names


def files() -> list[Path]:
    """Every file of the simulator that is not made by running it."""
    return [
        each
        for each in FOLDER.rglob("*")
        if each.is_file()
        and not {"__pycache__", "build"} & set(each.parts)
        and not any(part.endswith(".egg-info") for part in each.parts)
    ]


@pytest.mark.parametrize("part", ["core", "referee", "server", "."])
def test_it_imports_nothing_of_the_product_and_core_and_referee_need_no_package(part: str) -> None:
    allowed = OWN - ({"aiohttp"} if part in ("core", "referee") else set())
    for file in (each for each in files() if each.suffix == ".py"):
        if file.is_relative_to(FOLDER / part):
            assert imported(file) <= allowed, file


def test_the_distribution_holds_every_file() -> None:
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))
    setuptools = project["tool"]["setuptools"]
    shipped = setuptools["package-data"]
    for file in files():
        if file.parent == FOLDER and file.name in NOT_SHIPPED:
            continue
        package = ".".join(("simulator", *file.parent.relative_to(FOLDER).parts))
        assert package in setuptools["packages"], file
        patterns = ["*.py", *shipped.get(package, [])]
        assert any(file.match(each) for each in patterns), file
    assert project["project"]["scripts"] == {"daraja-simulator": "simulator.__main__:main"}
