"""The mutants still fit the product, and a few of them are hunted every time."""

from pathlib import Path

import pytest

from tests.simulation.mutants.catalogue import MUTANTS
from tests.simulation.mutants.edits import Edit, Mutant
from tests.simulation.mutants.hook import NotThereError, mutated, source_of
from tests.simulation.mutants.hunt import hunt_one

HUNTED = (
    "write-ahead dropped",
    "listed addresses not checked",
    "a second amount for a row that waits is only counted",
    "version check dropped",
    "the look sends the reversal again",
    "completed is taken for reversed",
    "dispatching given up at once",
)
"""Rules of the payment, the receipt and the refund, and one that only tests/model notices."""


def test_there_are_at_least_thirty_mutants_each_with_its_own_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 30


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_source_exactly_once(mutant: Mutant) -> None:
    for edit in mutant.edits:
        source = source_of(edit.module).read_text(encoding="utf-8")
        changed = mutated(source, [edit])
        assert changed != source
        compile(changed, edit.module, "exec")


def test_a_text_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotThereError):
        mutated("a b b", [Edit("payments.nothing", "b", "c")])


@pytest.mark.parametrize("name", HUNTED)
def test_a_broken_rule_is_noticed(name: str) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    found = hunt_one(mutant)
    assert found["caught_by"] not in (None, "bug"), found
