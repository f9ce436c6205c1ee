"""The simulation's histories are held against the model, and either can be found wrong.

A mutant of the product that only the model notices is in `tests/unit/simulation/test_mutants.py`.
"""

import pytest

from tests.model.trace import Trace
from tests.simulation.history import play_in
from tests.simulation.plan import draw_plan
from tests.simulation.world import SimulatedWorld

TAKEN_OUT = (
    ("late money counts", 800_001),
    ("review locks", 800_008),
    ("cancelled is owed back", 800_024),
    ("a day sets attention", 800_122),
)


@pytest.mark.parametrize(("rule", "seed"), TAKEN_OUT)
def test_a_model_without_a_rule_refuses_what_the_product_does(rule: str, seed: int) -> None:
    found = {}
    for without in ("", rule):
        world = SimulatedWorld(draw_plan(seed))
        world.watch.model = Trace(without)
        found[without] = play_in(world)
    refused = found[rule]
    assert (found[""], refused is not None and refused.invariant) == (None, "M1")
