"""The sample of mutants: an append-only list, drawn by written seeds, with their verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from .killers import KILLERS, Verdict
from .mutants import Mutant, modules, mutants_of

HERE = Path(__file__).parent
SAMPLE, EQUIVALENT = HERE / "sample.json", HERE / "equivalent.json"
PENDING, KILLED, SURVIVED, GONE = "pending", "killed", "survived", "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One mutant of the sample. `commit` is the source on which the verdict was found."""

    id: str
    room: str
    module: str
    function: str
    line: int
    operator: str
    says: str
    verdict: str = PENDING
    by: str = ""
    what: str = ""
    commit: str = ""


@dataclass(slots=True)
class Sample:
    """What was drawn, and by which draws: `room`, `seed`, `mutants`, `commit`."""

    draws: list[dict[str, Any]] = field(default_factory=list)
    drawn: list[Drawn] = field(default_factory=list)

    def draw(self, room: str, *, seed: int, count: int, commit: str) -> None:
        """Append mutants of a room that were not drawn yet. Errors: ValueError for a used seed."""
        if any((each["room"], each["seed"]) == (room, seed) for each in self.draws):
            raise ValueError(f"seed {seed} has drawn from {room} before")
        known = {each.id for each in self.drawn}
        every = [each for module in modules(room) for each in mutants_of(module)]
        left = sorted((each for each in every if each.id not in known), key=lambda each: each.id)
        chosen = Random(seed).sample(left, min(count, len(left)))
        self.drawn += [_drawn(room, mutant) for mutant in chosen]
        self.draws.append(
            {"room": room, "seed": seed, "mutants": len(chosen), "of": len(every), "commit": commit}
        )

    def settle(self, drawn: Drawn, verdict: Verdict | None, *, commit: str) -> Drawn:
        """Put a verdict on one mutant; without a verdict its place in the source is gone."""
        if verdict is None:
            settled = replace(drawn, verdict=GONE, by="", what="", commit=commit)
        else:
            word = KILLED if verdict.by else SURVIVED
            settled = replace(drawn, verdict=word, by=verdict.by, what=verdict.what, commit=commit)
        self.drawn[self.drawn.index(drawn)] = settled
        return settled

    def write(self, path: Path = SAMPLE) -> None:
        """Write the list, one mutant a line."""
        draws = ",\n".join(f"  {json.dumps(each)}" for each in self.draws)
        lines = ",\n".join(f"  {_line(each)}" for each in self.drawn)
        written = f'{{\n "draws": [\n{draws}\n ],\n "mutants": [\n{lines}\n ]\n}}\n'
        path.write_text(written, encoding="utf-8")


def read_sample(path: Path = SAMPLE) -> Sample:
    """The list as it was written; an empty one where there is none."""
    if not path.exists():
        return Sample()
    document = json.loads(path.read_text(encoding="utf-8"))
    return Sample(document["draws"], [Drawn(**each) for each in document["mutants"]])


def equivalents(path: Path = EQUIVALENT) -> dict[str, str]:
    """Why no test can tell a mutant from the product, by the mutant's id."""
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def figures(sample: Sample, why: Iterable[str]) -> dict[str, Any]:
    """What the runs found, room by room, for docs/proof.json."""
    argued = set(why)
    rooms = {}
    for room in dict.fromkeys(each["room"] for each in sample.draws):
        own = [each for each in sample.drawn if each.room == room]
        rooms[room] = _figures_of(own, argued)
    survivors = [
        {"module": each.module, "function": each.function, "says": each.says}
        for each in sample.drawn
        if each.verdict == SURVIVED and each.id not in argued
    ]
    return {"draws": sample.draws, "rooms": rooms, "survivors": survivors}


def _figures_of(own: list[Drawn], argued: set[str]) -> dict[str, Any]:
    equivalent = [each for each in own if each.verdict == SURVIVED and each.id in argued]
    killed = [each for each in own if each.verdict == KILLED]
    survived = sum(each.verdict == SURVIVED for each in own) - len(equivalent)
    judged = len(killed) + survived
    return {
        "drawn": len(own),
        "killed": len(killed),
        "killed_by": {killer: sum(each.by == killer for each in killed) for killer in KILLERS},
        "by_time_limit": sum(each.what == "time limit" for each in killed),
        "equivalent": len(equivalent),
        "surviving": survived,
        "pending": sum(each.verdict == PENDING for each in own),
        "gone": sum(each.verdict == GONE for each in own),
        "percent_killed": round(100 * len(killed) / judged, 1) if judged else None,
    }


def _drawn(room: str, mutant: Mutant) -> Drawn:
    return Drawn(
        id=mutant.id,
        room=room,
        module=mutant.module,
        function=mutant.function,
        line=mutant.lines[0],
        operator=mutant.operator,
        says=mutant.says,
    )


def _line(drawn: Drawn) -> str:
    return json.dumps({name: value for name, value in asdict(drawn).items() if value != ""})
