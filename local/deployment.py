"""Deploys the built template to the emulator, and gives the stack's outputs."""

import os
import tomllib
from dataclasses import dataclass

from local import aws
from local.build import SAM, Build, run
from local.console import Console
from local.settings import ROOT, LocalSettings
from simulator.core.config import DEFAULT_MERCHANTS

STACK_NAME = "hakika-local"


@dataclass(frozen=True)
class Deployment:
    """What was deployed where. Shape: `outputs` by name, as template.yaml describes them."""

    endpoint_url: str
    outputs: dict[str, str]

    @property
    def api_host(self) -> str:
        """The Host header that reaches the HTTP API through the emulator."""
        port = self.endpoint_url.rpartition(":")[2]
        return f"{self.outputs['ApiId']}.execute-api.localhost:{port}"


def deploy(console: Console, settings: LocalSettings, build: Build) -> Deployment:
    """Run `sam deploy` against the emulator. Idempotent: an unchanged stack stays as it is."""
    with console.step("sam deploy to the emulator, with IAM enforced"):
        run(
            [
                *SAM,
                "deploy",
                "--config-file",
                str(ROOT / "samconfig.toml"),
                "--config-env",
                "local",
                "--template-file",
                str(build.template),
                "--stack-name",
                STACK_NAME,
                "--no-progressbar",
                "--parameter-overrides",
                *parameter_overrides(settings),
            ],
            environment=aws.environment(os.environ, settings.emulator_url),
        )
    return Deployment(settings.emulator_url, read_outputs(settings.emulator_url))


def read_outputs(endpoint_url: str) -> dict[str, str]:
    """Read the outputs of the deployed stack."""
    stacks = aws.client("cloudformation", endpoint_url).describe_stacks(StackName=STACK_NAME)
    outputs = stacks["Stacks"][0].get("Outputs", [])
    return {each["OutputKey"]: each["OutputValue"] for each in outputs}


def parameter_overrides(settings: LocalSettings) -> list[str]:
    """Give the local parameters of samconfig.toml with this run's addresses.

    Safaricom's sandbox prompts real phones, so it gets the template's own times.
    """
    overrides = dict(each.split("=", 1) for each in _configured_overrides())
    if settings.uses_sandbox:
        overrides = {name: overrides[name] for name in ("Environment", "Arch", "LogLevel")}
    origins = [settings.gateway_url, f"http://localhost:{settings.gateway_port}"]
    overrides |= {
        "CallbackUrlBase": settings.callback_url_base,
        "AllowedOrigins": ",".join([*origins, "http://localhost:3000"]),
        "SafaricomBase": daraja_base(settings),
        "WebhookUrl": settings.values.get("WEBHOOK_URL", ""),
        **_merchant(settings),
        **settings.parameters,
    }
    return [f"{name}={value}" for name, value in overrides.items() if value]


def daraja_base(settings: LocalSettings) -> str:
    """Give the address of the Daraja that this stack talks to."""
    if not settings.uses_sandbox:
        return settings.simulator_url
    return settings.values.get("SAFARICOM_BASE") or "https://sandbox.safaricom.co.ke"


def _configured_overrides() -> list[str]:
    with (ROOT / "samconfig.toml").open("rb") as file:
        configured: list[str] = tomllib.load(file)["local"]["deploy"]["parameters"][
            "parameter_overrides"
        ]
    return configured


def _merchant(settings: LocalSettings) -> dict[str, str]:
    """The shortcode of .env, unless the simulator does not know it."""
    shortcode = settings.values.get("SAFARICOM_SHORTCODE", "")
    known = {merchant.shortcode for merchant in DEFAULT_MERCHANTS}
    if not settings.uses_sandbox and shortcode not in known:
        return {}
    return {
        "SafaricomShortcode": shortcode,
        "SafaricomTransactionType": settings.values.get("SAFARICOM_TRANSACTION_TYPE", ""),
        "SafaricomPartyB": settings.values.get("SAFARICOM_PARTY_B", ""),
    }
