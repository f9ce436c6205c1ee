"""The whole proof: histories, two releases, the same twice, sweeps, orders, mutants, model."""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.model.explore import figures

from .coverage import PAIRS_IN, PAIRS_MIN, Coverage
from .decisions import HEARD, share
from .history import play_aimed_seed, play_rollout_seed, play_seed
from .knobs import turn_all
from .page import COMMITTED, write_page
from .pull_alone import measure_all
from .rollout import MUST_HAPPEN
from .runner import SHARE, Play, Totals, play_seeds
from .sweeping import interleave_all, sweep_all
from .written import commit, say

PROOF = COMMITTED
SAME_SEEDS = 1000
PROGRESS_EVERY = 500
FIRST_RULES, RULES = "one prompt", "receipt ledger and refunds"
"""Histories count together while the rules, and the world around them, are the same."""
FIRST_SEED = 4_000_001
"""Lower seeds were played before runs were kept, or belong to the tests and the mutants."""
FIRST_AIMED_SEED = 50_000_001
FIRST_ROLLOUT_SEED, ROLLOUT_RULES = 30_000_001, "0.1.1 beside 0.2.0"
HISTORIES = {"histories": 250_000, "aimed": 50_000, "versions": 10_000}
"""So many are asked for where the command does not say."""
SUMMARY = (
    "histories",
    "calls_total",
    "faults_total",
    "violations_total",
    "runs",
    "mended",
    "finished",
)


def prove(given: argparse.Namespace) -> int:
    """Run the parts asked for, each written to docs/proof.json as it ends; 0 where all hold."""
    for part in given.parts.split(","):
        started = time.monotonic()
        say(f"{part} ...")
        result = _PARTS[part](given)
        proof = {**read_proof(), part: result}
        proof[part].setdefault("seconds", round(time.monotonic() - started))
        proof[part]["finished"] = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        if "runs" not in proof[part]:  # each stretch of the histories names its own
            proof[part]["commit"] = commit()
        if "model" in proof:
            proof["decisions_met"] = decisions_met(proof)
        proof["python"] = platform.python_version()
        write_proof(proof)
        say(f"{part}: {'holds' if result['holds'] else 'DOES NOT HOLD'}")
    if PROOF == COMMITTED:
        write_page()
    return 0 if all(read_proof()[part]["holds"] for part in given.parts.split(",")) else 1


def write_proof(proof: dict[str, Any]) -> None:
    """Keep what was found."""
    PROOF.write_text(json.dumps(proof, indent=1, sort_keys=True) + "\n")


@dataclass(slots=True)
class _SoFar:
    """What earlier runs of the same proof played; `mended` broke then, and hold now."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    mended: list[dict[str, Any]] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)


@dataclass(frozen=True, slots=True)
class _Series:
    """Histories that are counted together, played in stretches from a range of their own."""

    part: str
    earlier: str
    first_seed: int
    rules: str
    play: Play

    def figures(self, totals: Totals, asked_for: int) -> dict[str, Any]:
        """What of the totals is kept, and whether they hold."""
        if self.part == "versions":
            return _rollout_document(totals, asked_for)
        if self.part == "aimed":
            return {"holds": not totals.violations, **_counted(totals, asked_for, [])}
        return _document(totals, asked_for)


def _play_series(series: _Series, given: argparse.Namespace) -> dict[str, Any]:
    part = series.part
    asked_for = given.histories or HISTORIES[part]
    proof = _started(series)
    so_far = _so_far(proof[part], series.play)
    told = len(so_far.totals.violations)
    left = asked_for - so_far.totals.histories
    first = _fresh_seeds(proof, series, given, left)
    run = {"commit": commit(), "first_seed": first, "histories": 0}

    def progress(new: Totals) -> None:
        nonlocal told
        totals = _sum(so_far.totals, new)
        for violation in totals.violations[told:]:
            say(f"VIOLATION {violation}")
        told = len(totals.violations)
        write_proof({**read_proof(), part: document(new)})
        if totals.histories % PROGRESS_EVERY == 0:
            say(_summary(totals))

    def document(new: Totals) -> dict[str, Any]:
        runs = [*so_far.runs, {**run, "histories": new.histories}]
        own = {"runs": [each for each in runs if each["histories"]], "mended": so_far.mended}
        counted = series.figures(_sum(so_far.totals, new), asked_for)
        return {**counted, "rules": series.rules, **own}

    played = play_seeds(first, left, jobs=given.jobs, play=series.play, progress=progress)
    return document(played)


def _started(series: _Series) -> dict[str, Any]:
    """Read the proof; histories of earlier rules move to `earlier` and are not counted again."""
    proof = read_proof()
    found = proof.get(series.part, {})
    if found and found.get("rules", FIRST_RULES) != series.rules:
        kept = {name: found[name] for name in SUMMARY if name in found}
        rules = found.get("rules", FIRST_RULES)
        proof.setdefault(series.earlier, []).append({"rules": rules, **kept})
        proof[series.part] = {}
        write_proof(proof)
    proof.setdefault(series.part, {})
    return proof


def _fresh_seeds(
    proof: dict[str, Any], series: _Series, given: argparse.Namespace, left: int
) -> int:
    """The first seed that no run has played. Errors: SystemExit for seeds that were played."""
    # Whatever was under way when a run ended is not counted, and not played again.
    under_way = SHARE * given.jobs
    runs = [
        run
        for each in (proof[series.part], *proof.get(series.earlier, []))
        for run in each.get("runs", ())
    ]
    used = [(run["first_seed"], run["first_seed"] + run["histories"] + under_way) for run in runs]
    if given.first is None:
        return int(max((series.first_seed, *(last for _, last in used))))
    first = int(given.first)
    if any(begin < first + left and first < end for begin, end in used):
        raise SystemExit(f"some of the {left} seeds from {first} on have been played")
    return first


def read_proof() -> dict[str, Any]:
    """What the runs so far found."""
    found: dict[str, Any] = json.loads(PROOF.read_text()) if PROOF.exists() else {}
    return found


def _so_far(found: dict[str, Any], play: Play) -> _SoFar:
    """Read what was played, and play again what broke, on the source as it is now."""
    if not found:
        return _SoFar()
    so_far = _SoFar(runs=found["runs"], mended=found["mended"])
    so_far.totals = Totals(
        histories=found["histories"],
        seconds=found["seconds"],
        coverage=Coverage(
            Counter(found["calls"]),
            Counter(found["faults_by_site"]),
            Counter(found["outcomes"]),
            Counter(found.get("decisions", {})),
            Counter(found.get("struck", {})),
        ),
    )
    for seed, invariant, sentence in found["violations"]:
        if play(seed).violation is None:
            broke = f"{invariant}: {sentence}"
            so_far.mended.append({"seed": seed, "broke": broke, "holds_at": commit()})
        else:
            so_far.totals.violations.append((seed, invariant, sentence))
    return so_far


def _sum(one: Totals, other: Totals) -> Totals:
    both = Totals(seconds=one.seconds + other.seconds)
    both.add(one)
    both.add(other)
    return both


def _rollout_document(totals: Totals, asked_for: int) -> dict[str, Any]:
    missing = [name for name in MUST_HAPPEN if not totals.coverage.outcomes[name]]
    kept = _counted(totals, asked_for, missing)
    return {"holds": not totals.violations and not missing, **kept}


def _document(totals: Totals, asked_for: int) -> dict[str, Any]:
    coverage = totals.coverage
    missing, pairs = coverage.missing(), coverage.pairs()
    rare = [
        pair for pair, count in pairs.items() if count * PAIRS_IN < PAIRS_MIN * totals.histories
    ]
    return {
        "holds": not totals.violations and not missing and not rare,
        "pairs": pairs,
        "pairs_too_rare": rare,
        **_counted(totals, asked_for, missing),
    }


def decisions_met(proof: dict[str, Any]) -> dict[str, Any]:
    """Faults by state, evidence and fault, as a share of what is possible."""
    parts = [proof[name] for name in ("histories", "aimed") if name in proof]
    written, struck = (
        sum((Counter(each.get(name, {})) for each in parts), Counter[str]())
        for name in ("decisions", "struck")
    )
    heard = sum(each["outcomes"].get(HEARD, 0) for each in parts)
    return {"histories": heard, **share(written, struck, proof["model"]["decisions"])}


def _counted(totals: Totals, asked_for: int, missing: list[str]) -> dict[str, Any]:
    coverage = totals.coverage
    return {
        "histories": totals.histories,
        "asked_for": asked_for,
        "calls_total": coverage.calls_total,
        "faults_total": sum(coverage.faults.values()),
        "faults_per_history": round(sum(coverage.faults.values()) / max(1, totals.histories), 2),
        "violations": totals.violations[:50],
        "violations_total": len(totals.violations),
        "never_happened": missing,
        "seconds": round(totals.seconds),
        **coverage.document(),
    }


def _summary(totals: Totals) -> str:
    coverage: Coverage = totals.coverage
    rate = totals.histories / max(0.001, totals.seconds)
    return (
        f"{totals.histories:>7} histories  {coverage.calls_total:>9} calls  "
        f"{sum(coverage.faults.values()):>8} faults  {len(totals.violations)} violations  "
        f"{rate:.0f}/s"
    )


def _same(given: argparse.Namespace) -> dict[str, Any]:
    first = play_seeds(1, SAME_SEEDS, jobs=given.jobs).hashes
    second = play_seeds(1, SAME_SEEDS, jobs=1).hashes
    different = [seed for seed in first if first[seed] != second[seed]]
    return {"holds": not different, "seeds": len(first), "different": different[:20]}


def _mutants(given: argparse.Namespace) -> dict[str, Any]:
    """Hunt those that no run has hunted as they are now; each is written down as it ends."""
    from .mutants.hunt import hunt_all

    def keep(result: dict[str, Any]) -> None:
        write_proof({**read_proof(), "mutants": {**result, "commit": commit()}})

    before = read_proof().get("mutants", {})
    return hunt_all(before, jobs=given.jobs, say=say, keep=keep)


_PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "histories": lambda given: _play_series(
        _Series("histories", "earlier", FIRST_SEED, RULES, play_seed), given
    ),
    "aimed": lambda given: _play_series(
        _Series("aimed", "earlier_aimed", FIRST_AIMED_SEED, RULES, play_aimed_seed), given
    ),
    "versions": lambda given: _play_series(
        _Series(
            "versions", "earlier_versions", FIRST_ROLLOUT_SEED, ROLLOUT_RULES, play_rollout_seed
        ),
        given,
    ),
    "pull_alone": lambda given: measure_all(jobs=given.jobs),
    "same": _same,
    "sweep": lambda given: sweep_all(jobs=given.jobs),
    "interleavings": lambda given: interleave_all(jobs=given.jobs),
    "mutants": _mutants,
    "knobs": lambda _: turn_all(),
    "model": lambda _: figures(say),
}
