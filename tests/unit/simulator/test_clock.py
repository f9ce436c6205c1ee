"""People can move the simulator's clock forward: what became due meanwhile happens, in order."""

from typing import Any

import pytest

from simulator.core import Daraja
from simulator.core.clock import MovableClock
from simulator.core.errors import SettingError
from tests.unit.simulator.running import RunningSimulator
from tests.unit.simulator.virtual_merchant import NOON, PAYS, WAITS


def test_a_callback_that_is_hours_late_comes_at_once() -> None:
    with RunningSimulator() as simulator:
        simulator.push(PAYS, "pays+callback_hours_late")
        before = simulator.control("GET", "clock").json()
        moved = simulator.control("POST", "clock", advance_seconds=21_700).json()
        assert simulator.callback().path == "/base/callback/1"
        assert (before["ahead_seconds"], moved["ahead_seconds"]) == (0.0, 21_700.0)
        assert moved["now"] >= before["now"] + 21_700
        phone = simulator.control("GET", f"phones/{WAITS}").json()
        assert phone["now"] >= moved["now"]
        later = simulator.control("POST", "clock", to=moved["now"] + 3600).json()
        # However long that took, the clock was moved by the rest.
        assert 0 < later["ahead_seconds"] - moved["ahead_seconds"] <= 3600
        assert moved["now"] + 3600 <= later["now"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance_seconds": -1},
        {"advance_seconds": "6h"},
        {"advance_seconds": 1e12},
        {"to": 0},
        {"advance_seconds": 1, "to": 2},
    ],
)
def test_a_move_that_makes_no_sense_changes_nothing(body: dict[str, Any]) -> None:
    with RunningSimulator() as simulator:
        assert simulator.control("POST", "clock", **body).status_code == 400
        assert simulator.control("GET", "clock").json()["ahead_seconds"] == 0.0


def test_a_clock_never_goes_back() -> None:
    clock = MovableClock(lambda: NOON)
    assert clock.advance(60) == clock() == NOON + 60
    with pytest.raises(SettingError):
        clock.advance(float("nan"))
    daraja = Daraja(clock=clock)
    clock.advance(60)
    assert daraja.advance() == NOON + 120
