"""IAM policies for the two people: the operator (`hakika`) and the deployer (`make deploy`).

Nothing is written by hand that the code or AWS knows. The operator's actions are the calls found in
`tools/hakika`, and the layer's list. The deployer's are those that AWS's resource schemas (they
come with cfn-lint) name for each type of the template.

`python -m tools.iam operator --env production` prints the document.
"""

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore import xform_name
from botocore.session import get_session

from tools.samconfig import read_target
from tools.template import load_template
from tools.trim_descriptions import read_operations

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / ".venvs" / "build" / "lib" / "python3.13" / "site-packages"
OPERATOR = sorted((ROOT / "tools" / "hakika").glob("*.py"))
FIRST_DAY = ("first_day.py", "first_day_checks.py")
DEPLOYER = [ROOT / "tools" / f"{name}.py" for name in ("protect_stack", "store_secrets")]
DEPLOYER += sorted((ROOT / "tools" / "deploy").glob("*.py"))
ITEM_ACTIONS = ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
RENAMED = {"lambda:Invoke": "lambda:InvokeFunction"}
MADE_BY_SAM = {
    "AWS::Serverless::Function": ("Function", "Permission", "EventSourceMapping"),
    "AWS::Serverless::HttpApi": ("Api", "Stage"),
    "AWS::Serverless::LayerVersion": ("LayerVersion",),
}
BY_SAM_CLI = (
    *(f"cloudformation:{each}ChangeSet" for each in ("Create", "Delete", "Describe", "Execute")),
    "cloudformation:DescribeStackEvents",
    "cloudformation:GetTemplateSummary",
    *("s3:CreateBucket", "s3:GetObject", "s3:ListBucket", "s3:PutObject"),
    *("s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging"),
    *("s3:PutBucketVersioning", "s3:PutEncryptionConfiguration"),
)
"""`sam deploy --resolve-s3`, which keeps what it uploads in a bucket of a stack of its own."""
OF_ITEMS = (
    *("BatchWriteItem", "DeleteItem", "GetItem", "ImportTable", "PutItem", "Query", "Scan"),
    *("AssociateTableReplica", "CreateTableReplica", "UpdateItem"),
)
"""AWS names them for imported and replicated tables. A deployer reads and writes no payment."""
WITHOUT_RESOURCE = (
    *("iam:CreateServiceLinkedRole", "lambda:CreateEventSourceMapping"),
    *("lambda:GetAccountSettings", "secretsmanager:GetRandomPassword"),
)
"""Actions that AWS grants on everything or not at all; so it is with every List."""
TO_MEND = tuple(
    f"cloudformation:{name}"
    for name in ("ContinueUpdateRollback", "DeleteStack", "DescribeStackResources")
)
"""What `make deploy` prints where a stack cannot be deployed to."""


class Person(StrEnum):
    """Whose policy it is."""

    OPERATOR = "operator"
    DEPLOYER = "deployer"


ONLY_ON: Mapping[Person, Mapping[str, tuple[str, ...]]] = {
    Person.OPERATOR: {
        "secretsmanager:GetSecretValue": ("Daraja", "Jwt", "Paybill", "Pepper", "Webhook"),
        "secretsmanager:PutSecretValue": ("Paybill", "Initiator"),
        "lambda:InvokeFunction": ("cleanup", "refunds"),
    },
    Person.DEPLOYER: {"secretsmanager:PutSecretValue": ("Daraja", "Jwt", "Pepper")},
}
"""The secrets and functions of which a person needs an action; of other actions all of them.

The operator registers C2B addresses and sets the initiator, whose password nobody reads back. The
deployer stores what tools/store_secrets.py asks for.
"""
POLICY_CHARACTERS_MAX = 6144
"""AWS's limit for a managed policy, white space not counted."""


def calls_in(files: Iterable[Path]) -> set[str]:
    """Return `service:Operation` of every AWS call that the files make.

    A file's services are those that it asks a client of; a method counts where one of them has it.
    """
    found: set[str] = set()
    for file in files:
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        called = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        for service in _services(nodes):
            found |= {
                f"{service}:{name}" for name in _operations(service) if xform_name(name) in called
            }
    return found


@cache
def _operations(service: str) -> tuple[str, ...]:
    """The names of a service's operations, as boto3 knows them."""
    return tuple(get_session().get_service_model(service).operation_names)


@cache
def _known_services() -> frozenset[str]:
    return frozenset(get_session().get_available_services())


def _services(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Clients asked for by name, and parameters named after a service (`cloudformation`)."""
    known = _known_services()
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            is_client = node.func.attr == "client" and node.args
            if is_client and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
        elif isinstance(node, ast.arg) and node.arg in known:
            yield node.arg


def operator_actions() -> set[str]:
    """Return what `hakika` does, first-day apart: its own calls and the payment layer's."""
    layer = {
        f"{service}:{name}"
        for service, names in read_operations(ROOT / "tools" / "layer_services.txt").items()
        for name in names
    }
    calls = calls_in(file for file in OPERATOR if file.name not in FIRST_DAY) | layer
    calls.discard("sts:GetCallerIdentity")  # nobody needs a permission for it
    return _as_actions(calls)


def deployer_actions() -> set[str]:
    """Return what `make deploy` and CloudFormation do, for the types of the template."""
    handlers = {action for kind in resource_types() for action in _handler_actions(kind)}
    own = {action.partition(":")[0] for kind in resource_types() for action in _own(kind)}
    needed = {action for action in handlers if action.partition(":")[0] in {*own, "iam"}}
    needed -= {f"dynamodb:{name}" for name in OF_ITEMS}
    calls = calls_in(DEPLOYER) - {"sts:GetCallerIdentity"}
    return needed | _as_actions(calls) | {*BY_SAM_CLI, *TO_MEND}


def resource_types() -> set[str]:
    """Return the CloudFormation types that the template becomes."""
    kinds = {each["Type"] for each in load_template()["Resources"].values()}
    made = {"AWS::Lambda::EventInvokeConfig", "AWS::Scheduler::Schedule"}
    for kind in kinds:
        if kind in MADE_BY_SAM:
            service = "ApiGatewayV2" if kind.endswith("HttpApi") else "Lambda"
            made |= {f"AWS::{service}::{name}" for name in MADE_BY_SAM[kind]}
        else:
            made.add(kind)
    return made


def document(wanted: Iterable[str], stack: str, person: Person) -> dict[str, Any]:
    """Return an IAM policy: one statement a service, on this stack's resources by their names."""
    actions = set(wanted)
    statements: dict[tuple[str, ...], list[str]] = {}
    for action in sorted(actions):
        service, _, name = action.partition(":")
        is_free = name.startswith("List") or action in WITHOUT_RESOURCE
        own = _only_on(action, stack, person) or _resources(service, stack)
        resources = ("*",) if is_free else tuple(own)
        statements.setdefault(resources, []).append(action)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": names, "Resource": list(resources)}
            for resources, names in statements.items()
        ],
    }


def documents(actions: Iterable[str], stack: str, person: Person) -> list[dict[str, Any]]:
    """Return as many policies as AWS's limit of characters asks for."""
    made: list[dict[str, Any]] = []
    for statement in document(actions, stack, person)["Statement"]:
        for wider in made:
            tried = {**wider, "Statement": [*wider["Statement"], statement]}
            if len(json.dumps(tried, separators=(",", ":"))) <= POLICY_CHARACTERS_MAX:
                wider["Statement"].append(statement)
                break
        else:
            made.append({"Version": "2012-10-17", "Statement": [statement]})
    return made


def _as_actions(calls: set[str]) -> set[str]:
    actions = {RENAMED.get(call, call) for call in calls}
    if "dynamodb:TransactWriteItems" in actions:
        actions.remove("dynamodb:TransactWriteItems")
        actions |= {f"dynamodb:{name}" for name in ITEM_ACTIONS}
    return actions


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    """AWS's resource schemas by type."""
    folder = SCHEMAS / "cfnlint" / "data" / "schemas" / "resources"
    schemas = (json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json"))
    return {schema["typeName"]: schema for schema in schemas}


def _handler_actions(kind: str) -> set[str]:
    handlers = _schemas()[kind]["handlers"].values()
    return {action for each in handlers for action in each["permissions"]}


def _own(kind: str) -> set[str]:
    """The actions of the type's own service, by which foreign ones are recognised."""
    service = kind.split("::")[1].lower()
    prefix = {"apigatewayv2": "apigateway", "certificatemanager": "acm"}.get(service, service)
    return {action for action in _handler_actions(kind) if action.startswith(f"{prefix}:")}


def _only_on(action: str, stack: str, person: Person) -> list[str]:
    """The few resources of which the person needs the action; none where it is all of them."""
    service = action.partition(":")[0]
    found = ONLY_ON[person].get(action, ())
    is_secret = service == "secretsmanager"
    names = [
        _secret(f"{each}Secret") if is_secret else f"function:{stack}-{each}" for each in found
    ]
    return [f"arn:aws:{service}:*:*:{name}" for name in names]


@cache
def _secrets() -> list[str]:
    """The secrets of the template by their logical ids."""
    resources = load_template()["Resources"].items()
    return [name for name, each in resources if each["Type"] == "AWS::SecretsManager::Secret"]


def _secret(logical_id: str) -> str:
    """CloudFormation names a secret after its logical id, perhaps behind the stack's name."""
    return f"secret:*{logical_id}-*"


def _resources(service: str, stack: str) -> list[str]:
    named = {
        "dynamodb": [f"table/{stack}-*"],
        "sqs": [f"{stack}-*"],
        "secretsmanager": [_secret(name) for name in _secrets()],
        "pipes": ["pipe/*OutboxPipe*"],
        "lambda": [f"function:{stack}-*", f"layer:{stack}-*", "event-source-mapping:*"],
        "events": [f"event-bus/{stack}-*", f"rule/{stack}-*"],
        "scheduler": [f"schedule/default/{stack}-*"],
        "cloudformation": [
            *(f"stack/{name}/*" for name in (stack, "aws-sam-cli-managed-default")),
            "transform/Serverless-2016-10-31",
        ],
    }
    if service == "iam":
        return [f"arn:aws:iam::*:role/{stack}-*"]
    if service == "s3":
        return ["arn:aws:s3:::aws-sam-cli-managed-default-*"]
    return [f"arn:aws:{service}:*:*:{name}" for name in named.get(service, [])] or ["*"]


def main(
    person: Annotated[Person, typer.Argument(help="operator or deployer")],
    environment: Annotated[str, typer.Option("--env", help="sandbox or production")] = "sandbox",
    part: Annotated[int, typer.Option(help="Which of the deployer's documents")] = 1,
) -> None:
    """Print the IAM policy of a person for one deployment."""
    actions = operator_actions() if person is Person.OPERATOR else deployer_actions()
    made = documents(actions, read_target(environment).stack, person)
    print(json.dumps(made[part - 1], indent=2))


if __name__ == "__main__":
    typer.run(main)
