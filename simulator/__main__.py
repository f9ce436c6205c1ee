"""`python -m simulator`: runs the HTTP face on real time."""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from simulator.core import Config, Daraja, SimulatorError
from simulator.core.clock import MovableClock
from simulator.core.config import local
from simulator.referee.command import main as referee
from simulator.scenario_file import apply_scenario, read_scenario_file
from simulator.server.app import application
from simulator.server.options import Options, header, mapping


def main(arguments: list[str] | None = None) -> int:
    """Runs until it is stopped; 2 where an option or the scenario file is wrong."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["referee"]:
        return referee(words[1:])
    given = _parser().parse_args(words)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        daraja = Daraja(clock=MovableClock(time.time), seed=given.seed, config=_config(given))
        if given.scenario:
            apply_scenario(daraja, read_scenario_file(given.scenario))
    except SimulatorError as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    if given.check:
        return 0
    options = Options(
        dict(given.callback_resolve), dict(given.callback_header), dict(given.resolved_header)
    )
    app = application(daraja, options)
    web.run_app(
        app,
        host=given.host,
        port=given.port,
        print=lambda _: print(_welcome(given), flush=True),
        access_log=None,
        shutdown_timeout=1.0,
    )
    return 0


def _welcome(given: argparse.Namespace) -> str:
    base = f"http://{given.host}:{given.port}"
    return (
        f"Daraja simulator (seed {given.seed})\n"
        f"  base URL      {base}\n"
        f"  phones        {base}/phones\n"
        f"  control API   {base}/_simulator\n"
        "Stop with Ctrl-C."
    )


def _config(given: argparse.Namespace) -> Config:
    config = local() if given.short_times else Config()
    changes: dict[str, object] = dict(given.set)
    if given.allow_local_callbacks:
        changes["allow_local_callbacks"] = True
    return config.changed(changes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="Safaricom's Daraja (M-Pesa) on this machine, with bad days.",
        epilog="python -m simulator referee --help: judges a backend by the simulator's ledger.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=9600, help="port to listen on (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="where all chance comes from (1)")
    parser.add_argument(
        "--scenario", type=Path, metavar="FILE", help="a TOML or JSON scenario file"
    )
    parser.add_argument(
        "--short-times", action="store_true", help="quick answers and callbacks, local addresses"
    )
    parser.add_argument(
        "--allow-local-callbacks",
        action="store_true",
        help="take CallBackURLs on localhost, which Daraja refuses",
    )
    parser.add_argument(
        "--set",
        action="append",
        type=_setting,
        default=[],
        metavar="NAME=VALUE",
        help="any setting, for example prompt_seconds=12 or query_per_minute=null",
    )
    _add_callback_options(parser)
    parser.add_argument("--check", action="store_true", help="check the options and stop")
    return parser


def _add_callback_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--callback-resolve",
        action="append",
        type=_option(mapping),
        default=[],
        metavar="FROM=TO",
        help="post callbacks for FROM to TO, with FROM's Host header",
    )
    parser.add_argument(
        "--callback-header",
        action="append",
        type=_option(header),
        default=[],
        metavar="HEADER",
        help='add a header to callbacks, such as "X-Forwarded-For: {source_ip}"',
    )
    parser.add_argument(
        "--resolved-header",
        action="append",
        type=_option(header),
        default=[],
        metavar="HEADER",
        help="the same, only for callbacks that --callback-resolve sends elsewhere",
    )


def _option(read: Callable[[str], tuple[str, str]]) -> Callable[[str], tuple[str, str]]:
    """Lets argparse show the words of the error instead of the function's name."""

    def convert(text: str) -> tuple[str, str]:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def _setting(text: str) -> tuple[str, object]:
    name, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"write {text!r} as NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


if __name__ == "__main__":
    sys.exit(main())
