"""`make run`: starts the whole product on this machine and stops it again.

The servers are children of this process; each stops when it does, however it ends.
"""

import json
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import aws, credentials, desk, gateway, screen, seed, state
from local.assertions import check_deployment
from local.build import build_if_changed
from local.console import Console
from local.deployment import Deployment, deploy
from local.emulator.clock_patches import CLOCK_FILE
from local.emulator.http_patches import TRUST_FORWARDED_FOR
from local.errors import LocalStackError
from local.initiator import set_initiator
from local.moved_clock import clock_file
from local.paybill import register_paybill
from local.preflight import check_not_running, check_ports
from local.processes import Children, answers, wait_until
from local.settings import ROOT, LocalSettings, read_settings

START_SECONDS_MAX = 120.0
WATCH_SECONDS = 1.0
EMULATOR_PYTHON = ROOT / ".venvs" / "emulator" / "bin" / "python"


def main(arguments: list[str] | None = None) -> int:
    """Run the stack until a signal comes; 1 with a sentence where it cannot."""
    console = Console()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: _interrupt(stopping))
    try:
        settings = read_settings(sys.argv[1:] if arguments is None else arguments, os.environ)
        started = time.monotonic()
        with running_stack(console, settings) as (stack, children):
            screen.write_shell_file(settings.folder / screen.SHELL_FILE, stack)
            with console.step("two demo people for the desk"):
                links = desk.new_links(settings.state_file)
            screen.show(console, stack, time.monotonic() - started, links)
            _watch(children, stopping)
    except LocalStackError as error:
        console.say()
        console.say(f"{console.paint('Cannot go on:', 'red')} {error}")
        return 1
    except KeyboardInterrupt:
        pass
    console.say("\nStopped. Nothing is left running.")
    return 0


@contextmanager
def running_stack(
    console: Console, settings: LocalSettings
) -> Iterator[tuple[state.StackState, Children]]:
    """Start everything, give the state, and stop everything at the end, whatever happens."""
    check_not_running(settings)
    children = Children(settings.folder / "logs")
    try:
        stack = start(console, settings, children)
        state.write_state(settings.state_file, stack)
        yield stack, children
    finally:
        state.forget(settings.state_file, os.getpid())
        children.stop()


def start(console: Console, settings: LocalSettings, children: Children) -> state.StackState:
    """Start every part and check that it works. Errors: LocalStackError says which does not."""
    check_ports(settings)
    key = secrets.token_hex(16)
    console.say("Starting the whole product on this machine:")
    with console.step("AWS emulator"):
        start_emulator(settings, children)
    if not settings.uses_sandbox:
        start_simulator(console, settings, children, key)
    build = build_if_changed(console)
    deployment = deploy(console, settings, build)
    credentials.put_secrets(deployment, settings)
    if not settings.uses_sandbox:
        register_paybill(deployment, settings)
        set_initiator(deployment, settings)
    with console.step("routes, tokens, CORS, TTL, IAM, outbox"):
        check_deployment(deployment, settings)
    stack = describe(settings, deployment, build.digest, children)
    with console.step("gateway, and demo consultations through the API"):
        start_gateway(settings, children, deployment, key, stack)
        seed.register_consultations(stack.api_url, stack.booking_token, stack.customer_id)
    children.check_alive()
    return describe(settings, deployment, build.digest, children)


def start_emulator(
    settings: LocalSettings, children: Children, *, tree: Path = ROOT, **environment: str
) -> None:
    """Start the emulator at real time, with more variables, and wait until it answers.

    `tree` has the patches: those of an earlier release know parts of AWS that this one left.
    """
    clock_file(settings.folder).unlink(missing_ok=True)
    child = children.start(
        "emulator",
        EMULATOR_PYTHON,
        "local.emulator",
        environment={
            # A short list on purpose: functions inherit the emulator's environment.
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(settings.folder),
            # Every function process unpacks its code here.
            "TMPDIR": str(children.empty_folder(settings.folder / "functions")),
            "GATEWAY_PORT": str(settings.emulator_port),
            "BIND_HOST": "127.0.0.1",
            "AUTH": "true",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "STATE_DIR": str(settings.folder / "emulator"),
            "S3_DATA_DIR": str(settings.folder / "emulator" / "s3"),
            TRUST_FORWARDED_FOR: "1",
            CLOCK_FILE: str(clock_file(settings.folder)),
            **environment,
        },
        folder=tree,
    )
    wait_until(
        lambda: answers(settings.emulator_port),
        child,
        timeout_seconds=START_SECONDS_MAX,
        what="the AWS emulator",
    )


def simulator_arguments(settings: LocalSettings, key: str) -> list[str]:
    """The simulator's options; the gateway's key goes with callbacks to the gateway only."""
    return [
        *("--port", str(settings.simulator_port)),
        "--short-times",
        *("--set", "query_per_minute=null"),
        *("--callback-resolve", f"{settings.callback_url_base}={settings.gateway_url}"),
        *("--resolved-header", "X-Forwarded-For: {source_ip}"),
        *("--resolved-header", f"{gateway.KEY_HEADER}: {key}"),
    ]


def start_simulator(
    console: Console, settings: LocalSettings, children: Children, key: str
) -> None:
    """Start the simulated Safaricom and wait until it answers."""
    with console.step("Daraja simulator"):
        child = children.start(
            "simulator",
            Path(sys.executable),
            "simulator",
            simulator_arguments(settings, key),
            environment=_plain_environment(),
            folder=ROOT,
        )
        wait_until(
            lambda: answers(settings.simulator_port),
            child,
            timeout_seconds=START_SECONDS_MAX,
            what="the simulator",
        )


def start_gateway(
    settings: LocalSettings,
    children: Children,
    deployment: Deployment,
    key: str,
    stack: state.StackState,
) -> None:
    """Start the one address that people, browsers and the simulator's callbacks use."""
    config_file = settings.folder / "config.json"
    config_file.touch(mode=0o600)
    config_file.write_text(json.dumps(seed.demo_config(stack), indent=2))
    child = children.start(
        "gateway",
        Path(sys.executable),
        "local.gateway",
        [
            *("--port", str(settings.gateway_port)),
            *("--emulator-url", settings.emulator_url, "--api-host", deployment.api_host),
            *("--web-folder", str(ROOT / "web"), "--config-file", str(config_file)),
            *("--table-name", stack.table_name),
            *("--jwt-secret-arn", stack.outputs["JwtSecretArn"]),
            *(() if settings.uses_sandbox else ("--simulator-url", settings.simulator_url)),
        ],
        environment=_plain_environment() | {gateway.KEY_VARIABLE: key},
        folder=ROOT,
    )
    wait_until(
        lambda: answers(settings.gateway_port),
        child,
        timeout_seconds=START_SECONDS_MAX,
        what="the gateway",
    )


def describe(
    settings: LocalSettings, deployment: Deployment, digest: str, children: Children
) -> state.StackState:
    """Describe what runs, with tokens of the demo's people."""
    secret = credentials.read_jwt_secret(deployment.endpoint_url, deployment.outputs)
    return state.StackState(
        api_url=settings.gateway_url,
        demo_url=f"{settings.gateway_url}/",
        simulator_url=None if settings.uses_sandbox else settings.simulator_url,
        endpoint_url=deployment.endpoint_url,
        region=aws.REGION,
        daraja="sandbox" if settings.uses_sandbox else "simulator",
        callback_url_base=settings.callback_url_base,
        outputs=deployment.outputs,
        table_name=deployment.outputs["TableName"],
        customer_id=seed.CUSTOMER_ID,
        customer_token=credentials.make_token(secret, seed.CUSTOMER_ID),
        booking_token=credentials.make_token(
            secret, "booking-system", scopes=credentials.BOOKING_SCOPES
        ),
        build_digest=digest,
        pid=os.getpid(),
        pids=children.pids(),
        paybill=seed.paybill_of(settings),
    )


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def _interrupt(stopping: threading.Event) -> None:
    # A second Ctrl-C must not tear down the tearing down.
    if not stopping.is_set():
        stopping.set()
        raise KeyboardInterrupt


def _watch(children: Children, stopping: threading.Event) -> None:
    while not stopping.wait(WATCH_SECONDS):
        children.check_alive()


if __name__ == "__main__":
    sys.exit(main())
