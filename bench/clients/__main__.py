"""`python -m bench.clients`: installs each client for a moment, drives it, prints the table.

Needs the network (PyPI and npm) and Node. It is no part of `make test`.
"""

import argparse
import base64
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from simulator.core.initiator.certificate import CERTIFICATE_FILE
from simulator.core.initiator.settings import DEFAULT_INITIATORS

FOLDER = Path(__file__).parent
STEPS = ("push", "query", "c2b_register", "c2b_simulate", "status", "b2c", "reversal")
DOCUMENT = FOLDER.parents[1] / "docs" / "simulator.md"
BEGIN, END = "<!-- clients -->\n", "<!-- /clients -->"
RESULT_SECONDS = 8.0
START_SECONDS_MAX = 20.0
DRIVE_SECONDS_MAX = 180.0
INSTALL_SECONDS_MAX = 600.0


@dataclass(frozen=True)
class Client:
    """One published client."""

    name: str
    version: str
    registry: str = "PyPI"


CLIENTS = (
    Client("noriapay", "0.1.1"),
    Client("daraja-v3", "0.2.1"),
    Client("mpesakit", "2.2.0"),
    Client("django-daraja", "1.3.0"),
    Client("daraja-sdk-py", "2.0.0"),
    Client("pympesa", "1.0.1"),
    Client("mpesa-node", "0.1.3", "npm"),
    Client("mpesa-api", "3.0.2", "npm"),
)


def main() -> int:
    """Drives every client; 0 where each pushed and, if it can, queried."""
    parser = argparse.ArgumentParser(prog="python -m bench.clients", description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="this client alone")
    parser.add_argument("--port", type=int, default=9633, help="the simulator's (%(default)s)")
    parser.add_argument("--document", action="store_true", help="write docs/simulator.md")
    given = parser.parse_args()
    is_good, notes = True, []
    table = [f"| client | {' | '.join(STEPS)} |", f"|---|{'---|' * len(STEPS)}"]
    for client in CLIENTS:
        if given.only and client.name not in given.only:
            continue
        with tempfile.TemporaryDirectory() as folder, _simulator(given.port) as base:
            said = _drive(client, Path(folder), base)
            cells = {step: _cell(said[step]) for step in STEPS}
            cells.update(_outcomes(base, cells))
        notes += [f"- {client.name}, {step}: {said[step]}" for step in STEPS if said[step]]
        is_good &= cells["push"] == "yes" and cells["query"] in ("yes", "-")
        row = " | ".join(cells.values())
        table.append(f"| {client.name} {client.version} ({client.registry}) | {row} |")
        print(table[-1], flush=True)
    text = "\n".join((*table, "", *notes))
    print(text)
    if given.document:
        before, begin, rest = DOCUMENT.read_text().partition(BEGIN)
        DOCUMENT.write_text(f"{before}{begin}\n{text}\n\n{END}{rest.partition(END)[2]}")
    return 0 if is_good else 1


def _drive(client: Client, folder: Path, base: str) -> dict[str, str | None]:
    credential, password = _credential()
    wanted = f"{client.name}@{client.version}"
    if client.registry == "npm":
        _run("npm", "install", "--silent", "--no-audit", "--no-fund", wanted, folder=folder)
        script = folder / "drive.js"
        script.write_text((FOLDER / "drive.js").read_text())
        command = ["node", str(script), client.name, base, credential, str(CERTIFICATE_FILE)]
        command.append(password)
    else:
        venv.create(folder / "venv", with_pip=True)
        python = str(folder / "venv" / "bin" / "python")
        _run(python, "-m", "pip", "-q", "install", wanted.replace("@", "=="), folder=folder)
        command = [python, str(FOLDER / "drive.py"), client.name, base, credential]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=DRIVE_SECONDS_MAX, check=False
    )
    try:
        said: dict[str, str | None] = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return dict.fromkeys(STEPS, (done.stderr.strip().splitlines() or ["no answer"])[-1])
    return said


def _cell(said: str | None) -> str:
    return "-" if said is None else "yes" if said == "" else "refused"


def _outcomes(base: str, cells: dict[str, str]) -> dict[str, str]:
    """The ResultCode of each initiator call that was acknowledged."""
    if not any(cells[each] == "yes" for each in ("status", "b2c", "reversal")):
        return {}
    time.sleep(RESULT_SECONDS)
    entries = _get(f"{base}/_simulator/journal?kind=outcome")["entries"]
    codes = {each["api"]: each["result_code"] for each in entries}
    return {
        step: f"Result {codes[step]}"
        for step in ("status", "b2c", "reversal")
        if cells[step] == "yes" and codes.get(step, "0") != "0"
    }


def _credential() -> tuple[str, str]:
    password = DEFAULT_INITIATORS[0].password
    key = x509.load_pem_x509_certificate(CERTIFICATE_FILE.read_bytes()).public_key()
    assert isinstance(key, RSAPublicKey)
    return base64.b64encode(key.encrypt(password.encode(), padding.PKCS1v15())).decode(), password


@contextmanager
def _simulator(port: int) -> Iterator[str]:
    """A simulator with every default, for one client."""
    base = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "simulator", "--port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        _wait_for(base)
        _fund(base)
        yield base
    finally:
        process.terminate()
        process.wait()


def _wait_for(base: str) -> None:
    started = time.monotonic()
    while True:
        try:
            _get(f"{base}/_simulator/health")
        except OSError:
            if time.monotonic() - started > START_SECONDS_MAX:
                raise
            time.sleep(0.2)
        else:
            return


def _fund(base: str) -> None:
    """Money for the payouts, as a merchant has; no setting is changed."""
    body = json.dumps({"shortcode": "174379", "balance_kes": 1000}).encode()
    request = urllib.request.Request(f"{base}/_simulator/utility", data=body, method="PUT")
    urllib.request.urlopen(request).close()


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url) as answer:
        document: dict[str, Any] = json.load(answer)
    return document


def _run(*command: str, folder: Path) -> None:
    subprocess.run(
        command,
        cwd=folder,
        check=True,
        timeout=INSTALL_SECONDS_MAX,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    sys.exit(main())
