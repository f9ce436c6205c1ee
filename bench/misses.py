"""What a missed target is made of: a part of `make bench`, or `python -m bench.misses` after it.

Each part is measured, not argued: the callback's start by loading it with every data class defined
twice; the warm callback with AWS's answers given instead of fetched; the memory of a first payment
by loading one package after the other.
"""

import tempfile
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench import cold, flow
from bench import report as page
from bench.running import count_code, invoke_both, kilobytes_of_code, order, wire
from bench.subjects import Subject, subjects

TWICE = """
import dataclasses
once = dataclasses.dataclass
def twice(cls=None, **how):
    def define(cls):
        own = {name: value for name, value in vars(cls).items() if name not in SKIPPED}
        once(type(cls)(cls.__name__, cls.__bases__, own), **how)
        return once(cls, **how)
    return define if cls is None else define(cls)
SKIPPED = {"__dict__", "__weakref__"}
dataclasses.dataclass = twice
"""
"""Each data class after this is defined twice, so the difference is what defining them costs."""
MEMORY_STEPS = {
    "the interpreter": "import site",
    "Lambda's runtime client": "import awslambdaric.bootstrap",
    "botocore, and clients of two services": (
        "from botocore.session import get_session as s; s = s();"
        " s.create_client('dynamodb'); s.create_client('secretsmanager')"
    ),
    "Powertools": cold.STEPS["Powertools"],
    "requests": "import requests; requests.Session()",
    "PyJWT": "import jwt",
    "pydantic": "from pydantic import BaseModel; type('Model', (BaseModel,), {})()",
}
"""What stk_push loads, in an order in which each part comes after what it needs."""
THE_REST = "the product, and the first payment"


def measure(team: flow.Team, now: float, results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of each target that is missed. Units: instructions; kilobytes.

    Shape: `results` has the whole of which these are parts.
    """
    start = sum(results["start_of_a_callback"].values())
    whole = results["flow"]["product"]["warm_callback_instructions"]
    return {
        "classes_of_a_callback": classes(team["callback"]) - start,
        "warm_callback": warm(team, now, whole),
        "memory_of_stk_push": memory(team, now),
    }


def classes(callback: Subject) -> int:
    """Return the instructions of a callback's start with every data class defined twice."""
    before = "; ".join(code for name, code in cold.STEPS.items() if name != "the product")
    return count_code(callback, f"{before}\n{TWICE}\nimport app")


def warm(team: flow.Team, now: float, whole: float) -> dict[str, float]:
    """Return the instructions of a warm callback: the AWS client's calls, and all the rest."""
    order("reset")
    numbers = range(flow.FEW + flow.MANY)
    flow.prepare("product", numbers, now)
    flow.push(team, numbers, now)
    callbacks = [flow.callback_event(each, now) for each in order("settle", seconds=30)]
    parts = (callbacks[: flow.FEW], callbacks[flow.FEW :])
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("few", "many")]
        kept = invoke_both(team["callback"], parts, offset=30.0, calls=("keep", files), prefix=())
        given = invoke_both(team["callback"], parts, offset=30.0, calls=("give", files))
    for report in (*kept, *given):
        flow.expect(report, 200)
    few, many = (report["instructions"] for report in given)
    rest = (many - few) / (flow.MANY - flow.FEW)
    return {"botocore's two calls": whole - rest, "everything else": rest}


def memory(team: flow.Team, now: float) -> dict[str, int]:
    """Return the kilobytes that each part adds to the most that a first payment ever holds."""
    stk_push = team["stk_push"]
    codes = ["; ".join([*MEMORY_STEPS.values()][: place + 1]) for place in range(len(MEMORY_STEPS))]
    held = [0, *(kilobytes_of_code(stk_push, code) for code in codes)]
    order("reset")
    flow.prepare("product", range(1), now)
    held.append(flow.push(team, range(1), now)["first_kilobytes"])
    added = (after - before for before, after in pairwise(held))
    return dict(zip((*MEMORY_STEPS, THE_REST), added, strict=True))


if __name__ == "__main__":
    with wire():
        own = {each.function: each for each in subjects() if each.team == "product"}
        page.keep("misses", measure(own, time.time(), page.read_results()))
