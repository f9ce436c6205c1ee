"""The local gateway's key proves that a callback comes from the simulator; nobody else gets it."""

from itertools import pairwise
from pathlib import Path

from payments.http.answers import PROMPT_SHOWN_SECONDS

from local.gateway import KEY_HEADER
from local.settings import LocalSettings
from local.stack import simulator_arguments
from simulator.core.config import local
from simulator.server.options import Options, header, mapping

SETTINGS = LocalSettings(8000, 8001, 8002, Path(), False, "https://pay.example.com", {})
ARGUMENTS = simulator_arguments(SETTINGS, "the-key")


def test_the_checkout_counts_as_long_as_the_simulated_phone_asks() -> None:
    assert "--short-times" in ARGUMENTS  # its times are those of `local`
    assert not [each for each in ARGUMENTS if each.startswith("prompt_seconds=")]
    assert local().prompt_seconds == PROMPT_SHOWN_SECONDS == 60


def test_the_gateways_key_goes_to_the_gateway_only() -> None:
    given = list(pairwise(ARGUMENTS))
    options = Options(
        dict(mapping(value) for name, value in given if name == "--callback-resolve"),
        dict(header(value) for name, value in given if name == "--callback-header"),
        dict(header(value) for name, value in given if name == "--resolved-header"),
    )
    ours = options.headers("https://pay.example.com/callback", "196.201.214.200")
    assert ours == {KEY_HEADER: "the-key", "X-Forwarded-For": "196.201.214.200"}
    for foreign in ("https://other.example.com/c", "https://pay.example.com.evil.example/c"):
        assert options.headers(foreign, "196.201.214.200") == {}
