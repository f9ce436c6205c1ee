"""A proof that was interrupted goes on, and what broke then is played again now."""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from local.settings import ROOT
from tests.simulation import proof
from tests.simulation.coverage import PAIRS, RARE, Coverage
from tests.simulation.mutants.catalogue import MUTANTS
from tests.simulation.page import figures, tables, with_figures
from tests.simulation.pull_alone import FIRST_SEED, LIMIT_MINUTES, measure
from tests.simulation.runner import Totals

PARTS = ("histories", "same", "sweep", "interleavings", "mutants", "knobs", "model")


PROOF = json.loads((ROOT / "docs" / "proof.json").read_text(encoding="utf-8"))
PAGE, TABLES = (
    (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("proof.md", "proof-tables.md")
)


def test_the_committed_proof_is_whole_and_holds() -> None:
    stretches = [PROOF["histories"], *PROOF.get("earlier", [])]
    assert [part for part in PARTS if not PROOF[part]["holds"]] == []
    assert sum(each["histories"] for each in stretches) >= 100_000
    assert [each["violations_total"] for each in stretches] == [0] * len(stretches)
    assert PROOF["same"]["seeds"] == 1000


def test_no_seed_of_the_committed_proof_was_counted_twice() -> None:
    stretches = [PROOF["histories"], *PROOF.get("earlier", [])]
    stretches += [PROOF[part] for part in ("versions", "second_opinion") if part in PROOF]
    runs = sorted(
        (run["first_seed"], run["histories"]) for each in stretches for run in each["runs"]
    )
    ends = [first + histories for first, histories in runs]
    assert [end for end, (first, _) in zip(ends, runs[1:], strict=False) if first < end] == []


def test_the_pages_say_what_the_committed_proof_says() -> None:
    assert with_figures(PAGE, figures(PROOF)) == PAGE
    assert with_figures(TABLES, tables(PROOF)) == TABLES
    assert [mutant.name for mutant in MUTANTS if mutant.name not in TABLES] == []


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(proof, "PROOF", tmp_path / "proof.json")
    return tmp_path / "proof.json"


def prove(histories: int, *, first: int | None = None) -> None:
    proof.prove(argparse.Namespace(parts="histories", histories=histories, first=first, jobs=1))


def histories_of(written: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written.read_text())["histories"]
    return found


@pytest.mark.parametrize(("times", "holds"), [(100, True), (99, False)])
def test_each_order_of_two_witnesses_is_met_a_hundred_times_in_20_000(
    times: int, holds: bool
) -> None:
    met = Counter(dict.fromkeys(RARE, 100)) | Counter(dict.fromkeys(PAIRS, 100))
    met[PAIRS[7]] = times
    totals = Totals(histories=20_000, coverage=Coverage(outcomes=met))
    document = proof._document(totals, 20_000)
    assert (document["holds"], len(document["pairs_too_rare"])) == (holds, 0 if holds else 1)


@pytest.mark.parametrize("fails_once", [False, True])
def test_with_everything_else_lost_pull_alone_files_money_in_time(fails_once: bool) -> None:
    found = measure((FIRST_SEED, fails_once))
    whole, one_failed = (60 * minutes for minutes in LIMIT_MINUTES.values())
    assert (found["violation"], found["receipts"] > 0) == (None, True)
    assert found["longest"] <= (one_failed if fails_once else whole)


def test_a_later_run_adds_to_the_one_before_and_plays_no_seed_again(written: Path) -> None:
    prove(2)
    before = histories_of(written)
    prove(5)
    after = histories_of(written)
    assert (before["histories"], after["histories"]) == (2, 5)
    assert [each["histories"] for each in after["runs"]] == [2, 3]
    first = before["runs"][0]["first_seed"]
    assert after["runs"][1]["first_seed"] > first + 2
    with pytest.raises(SystemExit):
        prove(9, first=first + 1)
    assert after["calls_total"] > before["calls_total"]


def test_two_releases_side_by_side_are_counted_apart_and_each_took_its_calls(written: Path) -> None:
    given = argparse.Namespace(parts="versions", histories=2, first=None, jobs=1)
    proof.prove(given)
    proof.prove(argparse.Namespace(**{**vars(given), "histories": 3}))
    found = json.loads(written.read_text())["versions"]
    assert [each["histories"] for each in found["runs"]] == [2, 1]
    assert found["runs"][0]["first_seed"] == proof.FIRST_ROLLOUT_SEED
    assert found["violations"] == []
    assert not {"invocations: 0.1.1", "invocations: this release"} & set(found["never_happened"])


def test_histories_of_earlier_rules_are_kept_and_not_counted_again(written: Path) -> None:
    old = {"histories": 7, "runs": [{"commit": "a", "first_seed": 4_000_001, "histories": 7}]}
    written.write_text(json.dumps({"histories": old}))
    prove(2)
    document = json.loads(written.read_text())
    assert document["histories"]["histories"] == 2
    assert document["histories"]["runs"][0]["first_seed"] > 4_000_007
    assert document["earlier"] == [{"rules": proof.FIRST_RULES, **old}]


def test_what_broke_is_played_again_and_counted_as_mended_only_where_it_holds(
    written: Path,
) -> None:
    prove(2)
    document = json.loads(written.read_text())
    document["histories"]["violations"] = [[1, "I2", "money was lost"]]
    written.write_text(json.dumps(document))
    prove(2)
    after = histories_of(written)
    assert after["violations"] == []
    assert [(each["seed"], each["broke"]) for each in after["mended"]] == [
        (1, "I2: money was lost")
    ]


def test_what_still_breaks_is_a_violation_after_resuming(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove(2)
    document = json.loads(written.read_text())
    document["histories"]["violations"] = [[1, "I2", "money was lost"]]
    written.write_text(json.dumps(document))
    monkeypatch.setattr(proof, "play_seed", lambda _: argparse.Namespace(violation="still"))
    prove(2)
    after = histories_of(written)
    assert (after["holds"], after["violations_total"], after["mended"]) == (False, 1, [])
