"""Settings of `make run`: command line, else environment, else .env, else defaults."""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.errors import LocalStackError
from simulator.core.callback_url import FORBIDDEN_WORDS

ROOT = Path(__file__).resolve().parent.parent
STATE_FILE = "stack.json"
CALLBACK_URL_BASE_LOCAL = "https://hakika.local.test"
DARAJAS = ("simulator", "sandbox")
SANDBOX_NEEDS = (
    "SAFARICOM_CONSUMER_KEY",
    "SAFARICOM_CONSUMER_SECRET",
    "SAFARICOM_SHORTCODE",
    "SAFARICOM_PASSKEY",
)
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")


@dataclass(frozen=True)
class LocalSettings:
    """Ports of 127.0.0.1, where the stack keeps its files, and which Daraja it talks to."""

    gateway_port: int
    emulator_port: int
    simulator_port: int
    folder: Path
    uses_sandbox: bool
    callback_url_base: str
    values: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the template that differ from samconfig.toml's for this stack."""

    @property
    def gateway_url(self) -> str:
        """The one address that people and browsers use."""
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def emulator_url(self) -> str:
        """The endpoint of every AWS service."""
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def simulator_url(self) -> str:
        """The simulated Daraja."""
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def state_file(self) -> Path:
        """Where a running stack says how to reach it."""
        return self.folder / STATE_FILE


def read_settings(
    arguments: list[str], environment: Mapping[str, str], *, env_file: Path = ROOT / ".env"
) -> LocalSettings:
    """Read the settings. Errors: LocalStackError says which one is missing or wrong."""
    given = _parser().parse_args(arguments)
    values = read_env_file(env_file) if env_file.exists() else {}
    # make hands its variables on even where they are empty; empty means not given.
    values |= {name: value for name, value in environment.items() if value}
    daraja = given.daraja or values.get("DARAJA") or "simulator"
    if daraja not in DARAJAS:
        raise LocalStackError(f"DARAJA must be {' or '.join(DARAJAS)}, not {daraja!r}")
    uses_sandbox = daraja == "sandbox"
    callback_url_base = given.callback_url_base or CALLBACK_URL_BASE_LOCAL
    if uses_sandbox:
        callback_url_base = given.callback_url_base or values.get("CALLBACK_URL_BASE", "")
        _check_sandbox(values, callback_url_base)
    return LocalSettings(
        gateway_port=_port(given.port, values, "HAKIKA_PORT", 8080),
        emulator_port=_port(given.emulator_port, values, "HAKIKA_EMULATOR_PORT", 4566),
        simulator_port=_port(given.simulator_port, values, "HAKIKA_SIMULATOR_PORT", 9600),
        folder=Path(given.folder).resolve(),
        uses_sandbox=uses_sandbox,
        callback_url_base=callback_url_base.rstrip("/"),
        values=values,
    )


def port_arguments(ports: Sequence[int]) -> list[str]:
    """Give the arguments that choose the gateway's, the emulator's and the simulator's port."""
    names = ("--port", "--emulator-port", "--simulator-port")
    pairs = zip(names, map(str, ports), strict=True)
    return [part for pair in pairs for part in pair]


def read_env_file(file: Path) -> dict[str, str]:
    """Read NAME=VALUE lines; # begins a comment line, quotes around a value are dropped.

    Errors: LocalStackError names the line that is neither.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise LocalStackError(f"{file.name} line {number} is not NAME=VALUE")
        name, value = match.groups()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        values[name] = value
    return values


def _check_sandbox(values: Mapping[str, str], callback_url_base: str) -> None:
    missing = [name for name in SANDBOX_NEEDS if not values.get(name)]
    if missing:
        raise LocalStackError(
            f"DARAJA=sandbox needs {', '.join(missing)} of your Daraja app in .env: copy "
            ".env.example to .env and fill them in; see docs/local-sandbox.md"
        )
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d{1,5})?/?", callback_url_base):
        raise LocalStackError(
            "DARAJA=sandbox needs CALLBACK_URL_BASE=https://..., the public address of a tunnel "
            "to this stack; see docs/local-sandbox.md"
        )
    word = next((each for each in FORBIDDEN_WORDS if each in callback_url_base.lower()), None)
    if word is not None:
        raise LocalStackError(
            f"Safaricom refuses callback URLs that contain {word!r}: {callback_url_base}"
        )


def _port(given: int | None, values: Mapping[str, str], name: str, default: int) -> int:
    text = str(given) if given is not None else values.get(name) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise LocalStackError(f"{name} must be a port number, not {text!r}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make run", description="The whole stack, locally.")
    parser.add_argument("--port", type=int, help="what browsers and curl use (8080)")
    parser.add_argument("--emulator-port", type=int, help="the AWS emulator (4566)")
    parser.add_argument("--simulator-port", type=int, help="the Daraja simulator (9600)")
    parser.add_argument("--daraja", choices=DARAJAS, help="who is Safaricom")
    parser.add_argument("--callback-url-base", help="public https address, for the sandbox")
    parser.add_argument("--folder", default=ROOT / ".local", help="where state and logs go")
    return parser
