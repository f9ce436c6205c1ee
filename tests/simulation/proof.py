"""The whole proof: histories, the same twice, sweeps, interleavings, mutants, knobs, model."""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .coverage import PAIRS_IN, PAIRS_MIN, Coverage
from .history import play_seed
from .page import COMMITTED, write_page
from .runner import SHARE, Totals, play_seeds
from .written import commit, say

PROOF = COMMITTED
SAME_SEEDS = 1000
PROGRESS_EVERY = 500
FIRST_RULES, RULES = "one prompt", "receipt ledger and refunds"
"""Histories count together while the rules, and the world around them, are the same."""
FIRST_SEED = 4_000_001
"""Lower seeds were played before runs were kept, or belong to the tests and the mutants."""
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
        proof = {**_read(), part: result}
        proof[part].setdefault("seconds", round(time.monotonic() - started))
        proof[part]["finished"] = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        if "runs" not in proof[part]:  # each stretch of the histories names its own
            proof[part]["commit"] = commit()
        proof["python"] = platform.python_version()
        _write(proof)
        say(f"{part}: {'holds' if result['holds'] else 'DOES NOT HOLD'}")
    if PROOF == COMMITTED:
        write_page()
    return 0 if all(_read()[part]["holds"] for part in given.parts.split(",")) else 1


def _write(proof: dict[str, Any]) -> None:
    PROOF.write_text(json.dumps(proof, indent=1, sort_keys=True) + "\n")


@dataclass(slots=True)
class _SoFar:
    """What earlier runs of the same proof played; `mended` broke then, and hold now."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    mended: list[dict[str, Any]] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)


def _histories(given: argparse.Namespace) -> dict[str, Any]:
    proof = _started()
    so_far = _so_far(proof["histories"])
    told = len(so_far.totals.violations)
    first = _fresh_seeds(proof, given)
    run = {"commit": commit(), "first_seed": first, "histories": 0}

    def progress(new: Totals) -> None:
        nonlocal told
        totals = _sum(so_far.totals, new)
        for violation in totals.violations[told:]:
            say(f"VIOLATION {violation}")
        told = len(totals.violations)
        if totals.histories % PROGRESS_EVERY == 0:
            say(_summary(totals))
            _write({**_read(), "histories": document(new)})

    def document(new: Totals) -> dict[str, Any]:
        runs = [*so_far.runs, {**run, "histories": new.histories}]
        own = {"runs": [each for each in runs if each["histories"]], "mended": so_far.mended}
        return {**_document(_sum(so_far.totals, new), given), "rules": RULES, **own}

    left = given.histories - so_far.totals.histories
    return document(play_seeds(first, left, jobs=given.jobs, progress=progress))


def _started() -> dict[str, Any]:
    """Read the proof; histories of earlier rules move to `earlier` and are not counted again."""
    proof = _read()
    found = proof.get("histories", {})
    if found and found.get("rules", FIRST_RULES) != RULES:
        kept = {name: found[name] for name in SUMMARY if name in found}
        proof.setdefault("earlier", []).append({"rules": found.get("rules", FIRST_RULES), **kept})
        proof["histories"] = {}
        _write(proof)
    proof.setdefault("histories", {})
    return proof


def _fresh_seeds(proof: dict[str, Any], given: argparse.Namespace) -> int:
    """The first seed that no run has played. Errors: SystemExit for seeds that were played."""
    # Whatever was under way when a run ended is not counted, and not played again.
    under_way = SHARE * given.jobs
    runs = [
        run
        for each in (proof["histories"], *proof.get("earlier", []))
        for run in each.get("runs", ())
    ]
    used = [(run["first_seed"], run["first_seed"] + run["histories"] + under_way) for run in runs]
    if given.first is None:
        return int(max((FIRST_SEED, *(last for _, last in used))))
    first = int(given.first)
    if any(begin < first + given.histories and first < end for begin, end in used):
        raise SystemExit(f"some of the {given.histories} seeds from {first} on have been played")
    return first


def _read() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PROOF.read_text()) if PROOF.exists() else {}
    return found


def _so_far(found: dict[str, Any]) -> _SoFar:
    """Read what was played, and play again what broke, on the source as it is now."""
    if not found:
        return _SoFar()
    so_far = _SoFar(runs=found["runs"], mended=found["mended"])
    so_far.totals = Totals(
        histories=found["histories"],
        seconds=found["seconds"],
        coverage=Coverage(
            Counter(found["calls"]), Counter(found["faults_by_site"]), Counter(found["outcomes"])
        ),
    )
    for seed, invariant, sentence in found["violations"]:
        if play_seed(seed).violation is None:
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


def _document(totals: Totals, given: argparse.Namespace) -> dict[str, Any]:
    coverage = totals.coverage
    missing, pairs = coverage.missing(), coverage.pairs()
    rare = [
        pair for pair, count in pairs.items() if count * PAIRS_IN < PAIRS_MIN * totals.histories
    ]
    return {
        "holds": not totals.violations and not missing and not rare,
        "pairs": pairs,
        "pairs_too_rare": rare,
        "histories": totals.histories,
        "asked_for": given.histories,
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


def _sweep(given: argparse.Namespace) -> dict[str, Any]:
    from .sweeping import sweep_all

    return sweep_all(jobs=given.jobs)


def _interleavings(given: argparse.Namespace) -> dict[str, Any]:
    from .sweeping import interleave_all

    return interleave_all(jobs=given.jobs)


def _mutants(given: argparse.Namespace) -> dict[str, Any]:
    """Hunt those that no run has hunted as they are now; each is written down as it ends."""
    from .mutants.hunt import hunt_all

    def keep(result: dict[str, Any]) -> None:
        _write({**_read(), "mutants": {**result, "commit": commit()}})

    before = _read().get("mutants", {})
    return hunt_all(before, jobs=given.jobs, say=say, keep=keep)


def _pull_alone(given: argparse.Namespace) -> dict[str, Any]:
    from .pull_alone import measure_all

    return measure_all(jobs=given.jobs)


def _knobs(given: argparse.Namespace) -> dict[str, Any]:
    from .knobs import turn_all

    return turn_all()


def _model(given: argparse.Namespace) -> dict[str, Any]:
    """Every state of tests/model, and each of its rules taken out."""
    from tests.model.explore import figures

    return figures(say)


_PARTS = {
    "histories": _histories,
    "pull_alone": _pull_alone,
    "same": _same,
    "sweep": _sweep,
    "interleavings": _interleavings,
    "mutants": _mutants,
    "knobs": _knobs,
    "model": _model,
}
