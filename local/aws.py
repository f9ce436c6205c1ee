"""Talks to the emulator only: whatever AWS account this machine knows is left alone."""

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
ACCESS_KEY = "test"


def environment(base: Mapping[str, str], endpoint_url: str) -> dict[str, str]:
    """Give the environment for a command that must reach the emulator and nothing else."""
    kept = {name: value for name, value in base.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
    }


def client(service: str, endpoint_url: str, *, access_key: str = ACCESS_KEY) -> Any:
    """Make a client of the emulator. The access key of the emulator's owner may do everything."""
    return boto3.client(
        service,  # type: ignore[call-overload, unused-ignore]
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=access_key,
        # The cleanup may run for 60 s, and start for a while before.
        config=Config(read_timeout=180, retries={"mode": "standard", "max_attempts": 1}),
    )
