"""What the doctor looks at: each check reads one thing of the deployment and judges it."""

import ipaddress
import json
from itertools import islice
from typing import Any

from tools.hakika import money_checks, refund_checks, stack_checks
from tools.hakika.deployment import Deployment
from tools.hakika.findings import Check, Health

INDEXES = ("by_checkout", "by_day", "by_reference", "by_received", "person", "open")
CONCURRENCY_ENOUGH = 100
JWT_SECRET_BYTES_MIN = 32
PRODUCTION_HOST = "https://api.safaricom.co.ke"
BEHIND_SECONDS = 300
BEHIND_COUNTED_MAX = 1000
REACH_TIMEOUT_SECONDS = (3, 8)
ADDRESSES_MANY = 65_536
QUEUES = {
    "FallbackDeadLettersUrl": "callbacks (hakika callbacks list)",
    "MoneyDeadLettersUrl": "confirmations (hakika callbacks list)",
    "OutboxDeadLettersUrl": "events",
    "CleanupDeadLettersUrl": "cleanup runs",
    "WebhookDeadLettersUrl": "webhooks (hakika webhooks list --undelivered)",
}
LIST_ADDRESSES = "List Safaricom's as CallbackSourceIps in samconfig.toml"
CLEANUP_SECTION = "docs/runbook.md#cleanup-not-running"
WAITING = ("FallbackQueueUrl", "MoneyQueueUrl")


def _settings(deployment: Deployment) -> tuple[Health, str]:
    settings = deployment.settings
    kind = "till" if settings.is_till else "paybill"
    return Health.GOOD, (
        f"{kind} {settings.merchant.party_b} (shortcode {settings.merchant.shortcode}), "
        f"{settings.base_url}"
    )


def _secrets(deployment: Deployment) -> tuple[Health, str]:
    """Names only: no value leaves this function."""
    wanted = {
        "DarajaSecretArn": (
            "SAFARICOM_CONSUMER_KEY",
            "SAFARICOM_CONSUMER_SECRET",
            "SAFARICOM_PASSKEY",
        ),
        "PepperSecretArn": ("PHONE_PEPPER",),
    }
    if not deployment.environment("stk-push").get("JWKS_URL"):
        wanted["JwtSecretArn"] = ("JWT_SECRET",)
    client = deployment.client("secretsmanager")
    missing, short = [], []
    for output, names in wanted.items():
        stored = client.get_secret_value(SecretId=deployment.outputs[output])["SecretString"]
        values = _json_object(stored)
        missing += [name for name in names if not values.get(name)]
        secret = values.get("JWT_SECRET")
        if secret and len(str(secret).encode()) < JWT_SECRET_BYTES_MIN:
            short.append("JWT_SECRET")
    if missing:
        return (
            Health.BAD,
            f"not set: {', '.join(missing)}. Store them: make secrets (docs/deploy.md)",
        )
    if short:
        return Health.BAD, (
            f"JWT_SECRET has under {JWT_SECRET_BYTES_MIN} bytes. Store a longer one: make secrets"
        )
    return Health.GOOD, "Daraja credentials, phone pepper and token secret are set"


def _callback_url(deployment: Deployment) -> tuple[Health, str]:
    base = deployment.environment("stk-push").get("CALLBACK_URL_BASE", "")
    shown = base or deployment.api_url
    refusal = money_checks.word_refusal(shown)
    if refusal is not None:
        return Health.BAD, refusal
    if not shown.startswith("https://"):
        return Health.BAD, (
            f"{shown} is not https: Safaricom calls only https back. Set CallbackUrlBase in "
            "samconfig.toml"
        )
    own = (deployment.api_url, deployment.outputs.get("CallbackFunctionUrlAddress", ""))
    if shown.rstrip("/") not in [each.rstrip("/") for each in own]:
        return Health.DOUBTFUL, (
            f"{shown} is no address of this stack. Every result goes there, with the phone and the "
            "callback's token. Is it yours? Else take CallbackUrlBase out of samconfig.toml"
        )
    return Health.GOOD, f"{shown}/api/payment/callback/..."


def _callback_addresses(deployment: Deployment) -> tuple[Health, str]:
    text = deployment.environment("callback").get("CALLBACK_SOURCE_IPS", "")
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        networks = [ipaddress.ip_network(part, strict=False) for part in parts]
    except ValueError as error:
        return Health.BAD, f"{error}: every callback counts as a hint only. {LIST_ADDRESSES}"
    if not networks:
        return Health.BAD, (
            f"no address is listed: every callback counts as a hint only. {LIST_ADDRESSES}"
        )
    count = sum(network.num_addresses for network in networks)
    if count > ADDRESSES_MANY:
        return Health.BAD, (
            f"{count:,} addresses are listed: anybody there may pose as Safaricom. {LIST_ADDRESSES}"
        )
    return Health.GOOD, f"{len(networks)} of Safaricom's addresses or networks are listed"


def _concurrency(deployment: Deployment) -> tuple[Health, str]:
    limits = deployment.client("lambda").get_account_settings()["AccountLimit"]
    free = limits["UnreservedConcurrentExecutions"]
    if free < CONCURRENCY_ENOUGH:
        return Health.DOUBTFUL, (
            f"only {free} Lambda executions at once: ask AWS for 1,000 (Service Quotas, "
            "Concurrent executions) before real traffic"
        )
    return Health.GOOD, f"{free:,} Lambda executions at once"


def _daraja(deployment: Deployment) -> tuple[Health, str]:
    """Reach the host, then get the shared OAuth token: fetched only where none is alive."""
    base_url = deployment.settings.base_url
    session = deployment.adapters.http_session()
    session.get(base_url, timeout=REACH_TIMEOUT_SECONDS)
    deployment.runtime.gateway.ready()
    return Health.GOOD, f"{base_url} answers, an OAuth token is in hand"


def _table(deployment: Deployment) -> tuple[Health, str]:
    client, name = deployment.client("dynamodb"), deployment.outputs["TableName"]
    table = client.describe_table(TableName=name)["Table"]
    found = {each["IndexName"] for each in table.get("GlobalSecondaryIndexes", [])}
    lacking = [f"index {index}" for index in INDEXES if index not in found]
    if table["TableStatus"] != "ACTIVE":
        lacking.append(f"status ACTIVE (it is {table['TableStatus']})")
    if not table.get("StreamSpecification", {}).get("StreamEnabled"):
        lacking.append("its stream, the outbox")
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    # AWS takes up to an hour to switch it on.
    is_on = ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    if not is_on or ttl.get("AttributeName") != "purge_at":
        lacking.append("TTL on purge_at")
    if lacking:
        return Health.BAD, f"{name} lacks {', '.join(lacking)}: deploy again (make deploy)"
    return Health.GOOD, f"{name}: {len(INDEXES)} indexes, TTL and stream are there"


def _recovery(deployment: Deployment) -> tuple[Health, str]:
    client, name = deployment.client("dynamodb"), deployment.outputs["TableName"]
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        health = Health.DOUBTFUL if deployment.is_local else Health.BAD
        why = " (the emulator keeps none)" if deployment.is_local else ""
        return health, f"point-in-time recovery is off{why}: deploy again (make deploy)"
    is_protected = client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled")
    if deployment.settings.base_url == PRODUCTION_HOST and not is_protected:
        return Health.BAD, "real money, but the table may be deleted: make deploy protects it"
    return Health.GOOD, "point-in-time recovery is on"


def _schedule(deployment: Deployment) -> tuple[Health, str]:
    name = deployment.function_name("cleanup")
    schedule = deployment.client("scheduler").get_schedule(Name=name)
    if schedule["State"] != "ENABLED":
        return Health.BAD, f"schedule {name} is {schedule['State']}: {CLEANUP_SECTION}"
    behind = islice(
        deployment.runtime.services.store.due_payment_ids(
            deployment.runtime.services.now() - BEHIND_SECONDS
        ),
        BEHIND_COUNTED_MAX,
    )
    late = sum(1 for _ in behind)
    if late:
        return Health.BAD, (
            f"{late} payments are due for over 5 minutes, cleanup is behind: {CLEANUP_SECTION}"
        )
    return Health.GOOD, f"{schedule['ScheduleExpression']}, nothing overdue"


def _queues(deployment: Deployment) -> tuple[Health, str]:
    client = deployment.client("sqs")
    counts = {
        what: _count_messages(client, deployment.outputs[output])
        for output, what in QUEUES.items()
        if output in deployment.outputs  # a stack without WebhookUrl has no queue for webhooks
    }
    dead = [f"{count} {what}" for what, count in counts.items() if count]
    if dead:
        return Health.BAD, f"{', '.join(dead)}: docs/runbook.md#dead-letters"
    waiting = sum(_count_messages(client, deployment.outputs[each]) for each in WAITING)
    if waiting:
        return (
            Health.DOUBTFUL,
            f"{waiting} callbacks or confirmations wait for the table; they are tried each minute. "
            "If the number stays: docs/runbook.md#callback-errors",
        )
    return Health.GOOD, "no dead letters, no callback waits"


def _count_messages(client: Any, queue_url: str) -> int:
    attributes: dict[str, Any] = client.get_queue_attributes(
        QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"])


def _json_object(text: str) -> dict[str, object]:
    try:
        values = json.loads(text)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


CHECKS = (
    Check("settings", _settings),
    Check("secrets", _secrets),
    Check("callback URL", _callback_url),
    Check("callback addresses", _callback_addresses),
    Check("Lambda concurrency", _concurrency),
    Check("Daraja", _daraja, "Credentials: make secrets. No answer: docs/runbook.md#daraja-down"),
    Check("table", _table),
    Check("recovery", _recovery),
    Check("schedule", _schedule),
    Check("dead letters", _queues),
    *money_checks.CHECKS,
    *refund_checks.CHECKS,
    *stack_checks.CHECKS,
)
