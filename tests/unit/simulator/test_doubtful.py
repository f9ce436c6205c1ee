"""Every doubtful fact is a setting that takes both values, and the default is explained."""

import pytest

from simulator.core import Config
from simulator.doubtful import DOUBTS, Doubt


@pytest.mark.parametrize("doubt", DOUBTS, ids=lambda each: each.setting)
def test_both_values_can_be_set_and_the_default_is_the_safer_or_explained(doubt: Doubt) -> None:
    default = Config().settings()[doubt.setting]
    for value in (doubt.safer, doubt.other):
        assert Config().changed({doubt.setting: value}).settings()[doubt.setting] == value
    assert doubt.safer != doubt.other
    assert default == doubt.safer or "default" in doubt.why or "published" in doubt.why
