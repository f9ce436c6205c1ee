"""What a check of the doctor finds, and how it is run."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError
from payments.errors import PaymentError
from requests import RequestException

from tools.deploy.errors import DeployError
from tools.hakika.deployment import Deployment
from tools.hakika.errors import HakikaError

CANNOT_READ = "Log in as somebody with the operator's policy: docs/deploy.md"


class Health(StrEnum):
    """What a check found."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's verdict; the detail says what to do, and holds no secret."""

    check: str
    health: Health
    detail: str


@dataclass(frozen=True, slots=True)
class Check:
    """One named look at a deployment; it may raise, which is a finding too.

    `otherwise` says what to do where it could not look.
    """

    name: str
    look: Callable[[Deployment], tuple[Health, str]]
    otherwise: str = CANNOT_READ


def run_check(check: Check, deployment: Deployment) -> Finding:
    """Return what the check finds; what it cannot read is bad."""
    try:
        health, detail = check.look(deployment)
    except ClientError as error:
        told = error.response.get("Error", {})
        said = told.get("Message") or told.get("Code")
        health, detail = Health.BAD, f"cannot be read: {said}. {check.otherwise}"
    except (PaymentError, HakikaError, DeployError, BotoCoreError, RequestException) as error:
        health, detail = Health.BAD, f"cannot be read: {error}. {check.otherwise}"
    return Finding(check=check.name, health=health, detail=detail)
