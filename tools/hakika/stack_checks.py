"""What the doctor looks at beside the payments' own path: outbox, alarms, parameters, clock."""

from email.utils import parsedate_to_datetime

from tools.deploy.parameters import changes, explicit
from tools.hakika.deployment import Deployment
from tools.hakika.findings import Check, Health
from tools.samconfig import target_of
from tools.template import load_template

CLOCK_SECONDS_OFF_MAX = 60
PIPE_MOVES = ("CREATING", "UPDATING", "STARTING")


def _outbox(deployment: Deployment) -> tuple[Health, str]:
    name = deployment.outputs["OutboxPipeName"]
    pipe = deployment.client("pipes").describe_pipe(Name=name)
    state = pipe["CurrentState"]
    if state == "RUNNING":
        return Health.GOOD, f"pipe {name} carries payment events to the bus"
    reason = pipe.get("StateReason") or "AWS gives no reason"
    health = Health.DOUBTFUL if state in PIPE_MOVES else Health.BAD
    return health, (
        f"pipe {name} is {state}: {reason}. The stream keeps events for 24 hours: "
        "docs/runbook.md#events-stuck"
    )


def _alarms(deployment: Deployment) -> tuple[Health, str]:
    topic = deployment.parameters.get("AlarmTopicArn", "")
    if not topic:
        is_real = deployment.parameters.get("Environment") == "production"
        return (
            Health.BAD if is_real else Health.DOUBTFUL
        ), "AlarmTopicArn is empty, so alarms are silent: docs/deploy.md makes a topic"
    found = deployment.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    # Until the person has clicked, AWS writes a word in place of the ARN.
    confirmed = [each for each in found if each["SubscriptionArn"].startswith("arn:")]
    if not confirmed:
        return Health.BAD, (
            f"nobody hears {topic}: {len(found)} subscriptions, none confirmed. Open the mail of "
            "AWS and confirm. No subscription: docs/deploy.md"
        )
    return Health.GOOD, f"{len(confirmed)} confirmed subscriptions of {topic}"


def _parameters(deployment: Deployment) -> tuple[Health, str]:
    if deployment.is_local:
        return Health.GOOD, "the local stack's are chosen by make run"
    target = target_of(deployment.name)
    if target is None:
        return (
            Health.DOUBTFUL,
            f"samconfig.toml does not name {deployment.name}: nothing to compare. Run this where "
            "the stack is deployed from",
        )
    differ = changes(deployment.parameters, explicit(load_template(), target.overrides))
    if differ:
        names = ", ".join(each.name for each in differ)
        return Health.DOUBTFUL, (
            f"not as this repository says: {names}. Check out the deployed version, or make deploy"
        )
    return Health.GOOD, f"all {len(deployment.parameters)} are as this repository says"


def _clock(deployment: Deployment) -> tuple[Health, str]:
    answer = deployment.client("sts").get_caller_identity()
    told = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
    off = round(deployment.runtime.clock() - parsedate_to_datetime(told).timestamp())
    if abs(off) > CLOCK_SECONDS_OFF_MAX:
        return Health.DOUBTFUL, (
            f"this machine's clock is {off:+} s off, and so are --since, --at and the tokens of "
            "--push. Set the clock by network time"
        )
    return Health.GOOD, "this machine's clock agrees with AWS's"


CHECKS = (
    Check("outbox", _outbox),
    Check("alarms", _alarms),
    Check("parameters", _parameters),
    Check("clock", _clock),
)
