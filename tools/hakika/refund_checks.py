"""What the doctor looks at for money that goes back: the initiator that M-Pesa lets refund."""

from payments.protocol.policy import CREDENTIAL_DAYS, DAY_SECONDS
from payments.values import eat_iso

from tools.hakika.deployment import Deployment
from tools.hakika.findings import Check, Health

RENEW = (
    "set a new one on M-Pesa's portal, then run hakika initiator set: "
    "docs/runbook.md#initiator-password"
)
DAYS_LEFT_FEW = 15
"""The first alarm about the password rings then too."""


def _initiator(deployment: Deployment) -> tuple[Health, str]:
    """The age alone: only the refund function may read the credential."""
    gate = deployment.runtime.refunds.gates.read()
    if gate.stopped is not None:
        return Health.BAD, (
            f"refunds are stopped by {gate.stopped} since {eat_iso(gate.stopped_at)}: "
            "docs/runbook.md#refunds-stopped"
        )
    if gate.credential_at is None:
        return Health.GOOD, (
            "not set: refunds are sent on the portal. To send them from here: hakika initiator set"
        )
    age = (deployment.runtime.services.now() - gate.credential_at) // DAY_SECONDS
    left = CREDENTIAL_DAYS - age
    if left <= 0:
        return Health.BAD, f"its password is {age} days old, and M-Pesa has ended it: {RENEW}"
    if left <= DAYS_LEFT_FEW:
        return Health.DOUBTFUL, f"M-Pesa ends its password in {left} days: {RENEW}"
    return Health.GOOD, f"its password is {age} days old, {left} days are left"


CHECKS = (Check("initiator", _initiator),)
