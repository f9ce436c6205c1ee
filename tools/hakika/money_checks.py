"""What the doctor looks at for money that nobody asked for: C2B, Pull, and the throttles."""

from payments.aws.money_calls import new_pull_gate
from payments.aws.settings import refused_word
from payments.protocol.pull import PullState
from payments.values import eat_iso

from tools.hakika.c2b_tokens import read_digests, read_registered_address
from tools.hakika.deployment import Deployment
from tools.hakika.findings import Check, Health

LATE_RUNS = 3
"""A run of Pull may be so many times its spacing late."""


def paybill_address(deployment: Deployment) -> str:
    """Return the base of the C2B addresses, without a slash at the end."""
    return deployment.outputs["PaybillAddress"].rstrip("/")


def word_refusal(address: str) -> str | None:
    """Say which word Safaricom refuses in an address, and what to do; None where there is none."""
    word = refused_word(address)
    if word is None:
        return None
    if ".lambda-url." in address:  # AWS draws its name from letters and digits
        remedy = 'Have AWS draw another name: docs/deploy.md, section "Sandbox"'
    else:
        remedy = "Give the deployment a domain (DomainName), or CallbackFunctionUrl=true"
    return f'{address} contains "{word}", which Safaricom refuses. {remedy}'


def address_refusal(address: str) -> str | None:
    """Say why Safaricom refuses an address of ours; None where it does not."""
    if not address.startswith("https://"):
        return f"{address} is not https: Safaricom posts only to https"
    return word_refusal(address)


def _paybill(deployment: Deployment) -> tuple[Health, str]:
    """Safaricom has no call that tells which addresses are registered."""
    address = paybill_address(deployment)
    refusal = address_refusal(address)
    if refusal is not None:
        return Health.BAD, refusal
    digests = read_digests(deployment)
    if not digests:
        return Health.DOUBTFUL, (
            "no C2B address is registered: money that is paid by hand is not known. Register: "
            "hakika paybill register"
        )
    registered = read_registered_address(deployment)
    if registered and registered != address:
        return Health.DOUBTFUL, (
            f"registered at {registered}, but this stack is at {address}: money that is paid by "
            "hand goes to the old address. Register the new one: hakika paybill register"
        )
    tokens = "token" if len(digests) == 1 else "tokens"
    return Health.GOOD, f"{address}/api/c2b/..., {len(digests)} accepted {tokens}"


def _pull(deployment: Deployment) -> tuple[Health, str]:
    if not deployment.settings.rules.is_pulled:
        return _how_to_switch_on(deployment)
    state = new_pull_gate(deployment.runtime).read()
    now = deployment.runtime.services.now()
    if state.since is None:
        return Health.DOUBTFUL, "on, and no run yet: look again in a few minutes"
    if now > state.next_at + LATE_RUNS * deployment.settings.policy.pull_seconds:
        return Health.BAD, (
            f"no run since {eat_iso(state.next_at)}: is cleanup running? docs/runbook.md#pull"
        )
    if state.hit_at is None:
        return Health.DOUBTFUL, (
            "on, and it has listed no receipt that we hold. Without payments that is usual; else "
            "ask Safaricom whether Pull is provisioned for this shortcode"
        )
    return Health.GOOD, _told(state)


def _told(state: PullState) -> str:
    clock = f"its clock is {state.clock}" if state.clock else "its clock is not calibrated yet"
    covered, hit = eat_iso(state.complete_until) or "no time yet", eat_iso(state.hit_at)
    return f"covers until {covered}; {clock}; the run of {hit} listed a receipt that we hold"


def _how_to_switch_on(deployment: Deployment) -> tuple[Health, str]:
    is_real = deployment.parameters.get("Environment") == "production"
    return (Health.DOUBTFUL if is_real else Health.GOOD), (
        "off: what callback, query and confirmation all miss is not found. To switch it on: have "
        "Safaricom enable Pull for the shortcode, run hakika pull register, then deploy "
        "PullTransactions=true"
    )


def _throttles(deployment: Deployment) -> tuple[Health, str]:
    """A flood of the shop must not use up what Safaricom may send."""
    chosen = deployment.parameters
    pairs = [
        (f"Callback{kind}", f"{shop}{kind}")
        for kind in ("RateLimit", "BurstLimit")
        for shop in ("Api", "StkPush")
    ]
    low = [
        f"{own}={chosen[own]} is below {shop}={chosen[shop]}"
        for own, shop in pairs
        if int(chosen[own]) < int(chosen[shop])
    ]
    if low:
        return Health.BAD, (
            f"{'; '.join(low)}: Safaricom does not send a refused post again. Raise it in "
            "samconfig.toml"
        )
    return Health.GOOD, f"Safaricom may post {chosen['CallbackRateLimit']} a second on each route"


CHECKS = (
    Check("paybill", _paybill),
    Check("Pull", _pull),
    Check("throttles", _throttles),
)
