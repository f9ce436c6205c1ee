"""`make test` runs everything, hides no failure, and keeps each file's tests in one process."""

import io
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.console import Console
from local.prepare_tests import (
    MissingToolError,
    has_php,
    install_packages,
    missing_packages,
    prepare_browser,
)
from local.settings import ROOT
from local.test_run import BY_FILE, STACK_FOLDERS, Job, jobs, pytest_command, run

NOTES_ITS_WORKER = """
import os, pathlib, pytest

@pytest.mark.parametrize("number", range(5))
def test_one(number):
    name = pathlib.Path(__file__).stem
    with open(pathlib.Path(__file__).with_name("workers"), "a") as notes:
        print(name, os.environ["PYTEST_XDIST_WORKER"], file=notes)
"""
SHOWS_WHAT_IT_MUST_NOT = """
import requests

class Answers(requests.adapters.BaseAdapter):
    def send(self, request, **_):
        answer = requests.Response()
        answer.status_code, answer.request = 200, request
        answer._content = b"call 0712345678"
        return answer

def test_logs_a_phone_number():
    print('{"service": "hakika", "message": "254712345678"}')

def test_answers_a_phone_number():
    session = requests.Session()
    session.mount("http://", Answers())
    session.get("http://localhost/api/payment")

def test_shows_nothing():
    print('{"service": "hakika", "message": "paid"}')
"""


def python(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, without pytest's many plugins."""
    environment = os.environ | {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'shared'}",
    }
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_tests_of_a_file_share_a_process_and_the_files_are_shared_out(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"test_{number}.py").write_text(NOTES_ITS_WORKER)
    _, *arguments = pytest_command(*BY_FILE, "-p", "xdist", parallel=2)
    done = python(*arguments, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    workers = defaultdict(set)
    for line in (tmp_path / "workers").read_text().splitlines():
        name, worker = line.split()
        workers[name].add(worker)
    assert [len(found) for found in workers.values()] == [1] * 3
    assert set().union(*workers.values()) == {"gw0", "gw1"}


def files_of(job: Job) -> list[str]:
    return [word for word in job.command if word.endswith(".py")]


def test_the_tests_against_the_stack_are_shared_out_by_file_and_none_is_left_out() -> None:
    job, without, *_ = jobs(3)
    assert " ".join(job.command).endswith(f"{' '.join(BY_FILE)} -n 6")
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    need_a_stack = {name for name in files if name.startswith(STACK_FOLDERS)}
    assert sorted(files_of(job)) == sorted(need_a_stack)
    assert sorted(files_of(without)) == sorted(files - need_a_stack)


def test_an_order_shuffles_the_files_and_its_seed_repeats_it() -> None:
    usual, shuffled, other = jobs(3), jobs(3, order=7), jobs(3, order=8)
    for number in range(2):
        names, again = files_of(shuffled[number]), files_of(jobs(3, order=7)[number])
        assert names == again
        assert names not in (files_of(usual[number]), files_of(other[number]))
        assert sorted(names) == sorted(files_of(usual[number]))


def test_a_test_fails_where_the_products_output_shows_a_phone_number(tmp_path: Path) -> None:
    file = tmp_path / "test_output.py"
    file.write_text(SHOWS_WHAT_IT_MUST_NOT)
    done = python("-m", "pytest", "-rA", "-p", "tests.conftest", str(file), folder=tmp_path)
    erroneous = {
        line.split()[1].partition("::")[2]
        for line in done.stdout.splitlines()
        if line.startswith("ERROR ")
    }
    assert erroneous == {"test_logs_a_phone_number", "test_answers_a_phone_number"}
    assert "3 passed, 2 errors" in done.stdout


def shell(name: str, text: str, shown: int = 1) -> Job:
    return Job(name, ("/bin/sh", "-c", text), shown)


def run_jobs(all_jobs: Sequence[Job], logs: Path) -> tuple[int, str]:
    screen = io.StringIO()
    return run(all_jobs, Console(screen), logs), screen.getvalue()


def test_a_failure_is_shown_whole_and_keeps_nothing_else_from_running(tmp_path: Path) -> None:
    good, bad = "echo noise; echo 2 passed", "echo why; echo 1 failed; exit 3"
    code, screen = run_jobs([shell("bad", bad), shell("good", good)], tmp_path)
    assert code == 1
    assert "FAILED bad" in screen
    assert "why\n1 failed" in screen
    assert "ok good" in screen
    assert "noise" not in screen
    assert "2 passed" in screen
    assert "failed: bad (" in screen


def test_all_that_pass_is_a_pass(tmp_path: Path) -> None:
    code, screen = run_jobs([shell("one", "true"), shell("other", "true")], tmp_path)
    assert code == 0
    assert "every check and every test passed" in screen


def failed(_: Sequence[str | Path]) -> int:
    return 1


def test_what_the_machine_lacks_is_named_at_once_or_installed() -> None:
    lacking = missing_packages(lambda _: None, has_php=False)
    assert lacking == ["bash", "curl", "git", "php-cli", "php-sqlite3"]
    assert missing_packages(lambda name: f"/bin/{name}", has_php=True) == []
    assert not has_php(lambda _: None)
    assert not has_php(lambda _: "/bin/false")
    assert has_php(lambda _: "/bin/true")
    commands: list[Sequence[str | Path]] = []

    def note(command: Sequence[str | Path]) -> int:
        commands.append(command)
        return 0

    with pytest.raises(MissingToolError, match="need bash, curl, git, php-cli, php-sqlite3;"):
        install_packages(lacking, can_install=False, run=note)
    install_packages([], can_install=True, run=note)
    assert commands == []
    install_packages(lacking, can_install=True, run=note)
    assert [command[-1] for command in commands] == ["update", "php-sqlite3"]
    with pytest.raises(MissingToolError, match="could not install git"):
        install_packages(["git"], can_install=True, run=failed)


@pytest.mark.parametrize(
    ("found", "can_install", "installed"),
    [
        (["chromium-headless-shell"], True, []),
        (["chromium"], False, []),
        (["chromium"], True, ["update", "chromium-headless-shell"]),
        ([], True, ["update", "chromium-headless-shell"]),
        ([], False, ["chromium"]),
    ],
)
def test_a_browser_is_the_shell_of_apt_or_the_machines_or_playwrights(
    found: list[str], can_install: bool, installed: list[str]
) -> None:
    commands: list[str] = []

    def note(command: Sequence[str | Path]) -> int:
        commands.append(str(command[-1]))
        return 0

    prepare_browser(lambda name: name if name in found else None, can_install=can_install, run=note)
    assert commands == installed


def test_without_any_browser_a_sentence_says_what_to_do() -> None:
    prepare_browser(lambda name: name if name == "chromium" else None, can_install=True, run=failed)
    with pytest.raises(MissingToolError, match="install Chromium or Chrome"):
        prepare_browser(lambda _: None, can_install=True, run=failed)
    with pytest.raises(MissingToolError, match="install Chromium or Chrome"):
        prepare_browser(lambda _: None, can_install=False, run=failed)
