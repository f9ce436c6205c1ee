"""Generated mutants: what they change, how a child is judged, and the committed sample."""

from __future__ import annotations

import ast
import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.mutation.killers import Verdict, batches, in_child
from tests.mutation.mutants import ROOMS, compiled, modules, mutants_of
from tests.mutation.operators import conditions, variants
from tests.mutation.reach import Reach
from tests.mutation.sample import Sample, equivalents, figures, read_sample
from tests.simulation.page import COMMITTED

SMALL = "payments.daraja.query_answers"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a == b", {"a != b"}),
        ("a < b", {"a <= b", "a >= b"}),
        ("a and b", {"a or b", "a", "b"}),
        ("text or ''", {"text and ''", "text", "''"}),
        ("not a", {"a"}),
        ("3", {"4"}),
        ("True", {"False"}),
        ("'x = 1 AND y'", {"'x = 1 AND y?'", "'x <> 1 AND y'", "'x = 1 OR y'"}),
        ("f'{a} AND {b}'", {"f'{a}'", "f'{b}'"}),
        ("{a, b}", {"{a}", "{b}"}),
        ("{a}", {"set()"}),
        ("(a, b)", {"(a,)", "(b,)"}),
        ("f(a, b, c=d)", {"f(a, b)", "f(a, c=d)"}),
        ("return a == b", {"return None", "return True", "return False"}),
        ("raise Error", {"pass"}),
        ("a.b = c", {"pass"}),
        ("save(a)", {"pass"}),
        ("assert_never(a)", set()),
    ],
)
def test_what_an_expression_or_a_statement_becomes(source: str, expected: set[str]) -> None:
    node: ast.AST = ast.parse(source).body[0]
    if isinstance(node, ast.Expr) and not source.startswith(("save", "assert_never")):
        node = node.value
    assert {ast.unparse(each.node) for each in variants(node)} == expected


def test_a_condition_becomes_true_and_false() -> None:
    [test] = [node.test for node in ast.parse("if a: pass").body if isinstance(node, ast.If)]
    assert [ast.unparse(each.node) for each in conditions(test)] == ["True", "False"]


def test_every_mutant_of_a_module_is_another_program_with_an_id_of_its_own() -> None:
    found = mutants_of(SMALL)
    assert len({each.id for each in found}) == len(found) > 10
    assert [each.id for each in mutants_of(SMALL)] == [each.id for each in found]
    for mutant in found:
        compiled(mutant)


def test_a_room_that_is_named_is_not_empty() -> None:
    assert {room: SMALL in modules(room) for room in ROOMS} == {"core": False, "edge": True}


def _waits() -> str:
    signal.pause()
    return ""


def _dies() -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def test_a_child_that_hangs_or_dies_has_noticed_the_mutant_and_one_that_is_quiet_has_not(
    tmp_path: Path,
) -> None:
    log = tmp_path / "child.log"
    assert in_child(_waits, 0.05, log) == "time limit"
    assert in_child(_dies, 60, log) == "the process ends"
    assert in_child(str, 60, log) == ""
    with pytest.raises(RuntimeError):
        in_child(lambda: 1 // 0, 60, log)


def test_only_what_reaches_a_mutant_hunts_it_and_the_quickest_first() -> None:
    mutant = next(each for each in mutants_of(SMALL) if not each.at_import)
    line = mutant.lines[0]
    reached = {"slow": Reach(9.0, {SMALL: [line]}), "quick": Reach(5.0, {SMALL: [line]})}
    others = {"elsewhere": Reach(0.1, {SMALL: [line + 900]}), "other": Reach(0.1, {"m": [line]})}
    reach_of = {"unit": reached | others, "histories": reached | others}
    assert batches(mutant, "unit", reach_of) == [["quick"], ["quick", "slow"]]
    assert batches(mutant, "histories", reach_of) == [["quick", "slow"]]


def test_a_draw_never_repeats_a_mutant_or_a_seed_and_settles_each(tmp_path: Path) -> None:
    sample = Sample()
    sample.draw("edge", seed=1, count=5, commit="c")
    sample.draw("edge", seed=2, count=5, commit="c")
    with pytest.raises(ValueError, match="seed 1"):
        sample.draw("edge", seed=1, count=5, commit="c")
    killed, lives, same, gone, *_ = sample.drawn
    sample.settle(killed, Verdict("unit", "a test", 1.0), commit="c")
    for each in (lives, same):
        sample.settle(each, Verdict("", "", 1.0), commit="c")
    sample.settle(gone, None, commit="c")
    sample.write(tmp_path / "sample.json")
    read = read_sample(tmp_path / "sample.json")
    assert read == sample
    assert len({each.id for each in read.drawn}) == 10
    found = figures(read, {same.id})
    assert [each["says"] for each in found["survivors"]] == [lives.says]
    counted = found["rooms"]["edge"]
    names = ("drawn", "killed", "equivalent", "surviving", "pending", "gone", "percent_killed")
    assert [counted[name] for name in names] == [10, 1, 1, 1, 6, 1, 50.0]


def test_the_committed_figures_are_those_of_the_committed_sample() -> None:
    sample, argued = read_sample(), equivalents()
    written = json.loads(COMMITTED.read_text(encoding="utf-8"))["generated_mutants"]
    assert {**figures(sample, argued), "holds": written["holds"]} == written
    assert all(count == 1 for count in Counter(each.id for each in sample.drawn).values())
    verdicts = {each.id: each.verdict for each in sample.drawn}
    assert [name for name in argued if verdicts.get(name) != "survived"] == []
