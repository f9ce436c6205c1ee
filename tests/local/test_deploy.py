"""The whole deployment path in an emulator of its own: deploy, update, delete, and who refuses."""

import json
import os
import re
import shlex
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError

from local import aws
from local.assertions import check_deployment
from local.build import SAM, Build, build_if_changed, run
from local.console import Console
from local.deployment import deploy
from local.errors import LocalStackError
from local.processes import Children, find_free_ports
from local.settings import ROOT, LocalSettings, port_arguments, read_settings
from local.stack import start_emulator
from tests.local.aws_cli import main as type_aws
from tests.local.runbook import type_block
from tests.local.sam_expansion import expanded, without_digest
from tests.unit.test_docs_aws import TYPED, commands, lines_to_type
from tools.deploy.parameters import explicit
from tools.deploy.stack import read_stack
from tools.protect_stack import protect
from tools.samconfig import read_target
from tools.template import load_template

STACK_NAME = "hakika-path"
MAKE_DEPLOY = [
    *(f"tools.deploy {step} --env sandbox" for step in ("check", "build")),
    '[ "" != true ] || .venv/bin/python -m tools.snapstart',
    "sam validate --lint",
    "tools.deploy run --env sandbox",
    "tools.protect_stack --stack hakika-sandbox",
    "sam list stack-outputs --config-env sandbox",
    "tools.store_secrets --stack hakika-sandbox --if-missing",
    "bin/hakika --stack hakika-sandbox doctor",
]
"""What `make deploy ENV=sandbox` runs."""
DOMAIN = "pay.example.co.ke"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> LocalSettings:
    folder = tmp_path_factory.mktemp("deploy")
    arguments = ["--daraja", "simulator", "--folder", str(folder)]
    arguments += port_arguments(find_free_ports(3))
    return read_settings(arguments, {}, env_file=folder / "none")


@pytest.fixture(scope="module")
def emulator(settings: LocalSettings) -> Iterator[str]:
    children = Children(settings.folder / "logs")
    try:
        start_emulator(settings, children)
        yield settings.emulator_url
    finally:
        children.stop()


@pytest.fixture(scope="module")
def build() -> Build:
    return build_if_changed(Console())


def deploy_as_make_does(
    settings: LocalSettings, *, template: Path, environment: str, **more: str
) -> str:
    """Deploys as `make deploy ENV=...` does, but into the emulator; samconfig.toml plus `more`."""
    local = {"Arch": "x86_64", "SafaricomBase": settings.simulator_url}
    samconfig = settings.folder / "samconfig.toml"
    overrides = read_target(environment).overrides | local | more
    samconfig.write_text(
        f"""version = 0.1
[{environment}.global.parameters]
stack_name = "{STACK_NAME}"
region = "{aws.REGION}"
[{environment}.deploy.parameters]
resolve_s3 = true
capabilities = "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"
fail_on_empty_changeset = false
parameter_overrides = {json.dumps([f"{name}={value}" for name, value in overrides.items()])}
"""
    )
    shell = aws.environment(os.environ, settings.emulator_url)
    step = [sys.executable, "-m", "tools.deploy"]
    options = ["--env", environment, "--samconfig", str(samconfig)]
    run([*step, "check", *options], environment=shell)
    return run([*step, "run", *options, "--template", str(template)], environment=shell)


def changed_template(build: Build, folder: Path) -> Path:
    """The built template with another schedule and one more route."""
    copy = folder / "build"
    shutil.copytree(build.template.parent, copy)
    template = copy / "template.yaml"
    text = template.read_text()
    assert "rate(1 minute)" in text
    assert '"Path": "/api/payment/mpesa/statistics"' in text
    text = text.replace("rate(1 minute)", "rate(5 minutes)")
    text = text.replace(
        '"Path": "/api/payment/mpesa/statistics"', '"Path": "/api/payment/mpesa/statistics/new"'
    )
    template.write_text(text)
    return template


def without_new_indexes(build: Build, folder: Path) -> Path:
    """The built template as before the indexes of 0.2.0."""
    copy = folder / "older"
    shutil.copytree(build.template.parent, copy)
    template = load_template(build.template)
    table = template["Resources"]["PaymentsTable"]["Properties"]
    new = ("by_reference", "by_received")
    of_new = ("account_reference", "received_shard", "received_at")
    for name, key, gone in (
        ("GlobalSecondaryIndexes", "IndexName", new),
        ("AttributeDefinitions", "AttributeName", of_new),
    ):
        table[name] = [each for each in table[name] if each[key] not in gone]
    file = copy / "template.yaml"
    file.write_text(json.dumps(template, default=str))
    return file


def routes_of(emulator: str, api_id: str) -> set[str]:
    items = aws.client("apigatewayv2", emulator).get_routes(ApiId=api_id)["Items"]
    return {item["RouteKey"] for item in items}


def outputs_of(emulator: str) -> dict[str, str]:
    stacks = aws.client("cloudformation", emulator).describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stacks[0]["Outputs"]}


def resources_of(emulator: str) -> dict[str, str]:
    """The type of each resource of the stack by its logical id."""
    client = aws.client("cloudformation", emulator)
    found = client.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    types = {each["LogicalResourceId"]: each["ResourceType"] for each in found}
    return {without_digest(name, kind): kind for name, kind in types.items()}


def callback_base(emulator: str) -> str:
    """Where Safaricom is told to call back."""
    configuration = aws.client("lambda", emulator).get_function_configuration(
        FunctionName=f"{STACK_NAME}-stk-push"
    )
    return str(configuration["Environment"]["Variables"]["CALLBACK_URL_BASE"])


def production(emulator: str) -> dict[str, str]:
    """What a person adds to the production parameters of samconfig.toml, and a hosted zone."""
    zone = aws.client("route53", emulator).create_hosted_zone(
        Name=DOMAIN, CallerReference=str(uuid.uuid4())
    )["HostedZone"]
    return {
        "SafaricomShortcode": "600988",
        "DomainName": DOMAIN,
        "HostedZoneId": zone["Id"].rpartition("/")[2],
        "AllowedOrigins": "https://www.example.co.ke",
        "AlarmTopicArn": f"arn:aws:sns:{aws.REGION}:123456789012:alarms",
    }


def delete(emulator: str) -> str:
    """Deletes the stack and says how that ended."""
    client: Any = aws.client("cloudformation", emulator)
    client.delete_stack(StackName=STACK_NAME)
    found = client.list_stacks()["StackSummaries"]
    return str(next(each["StackStatus"] for each in found if each["StackName"] == STACK_NAME))


def test_a_sandbox_is_deployed_updated_and_deleted(
    emulator: str, settings: LocalSettings, build: Build, tmp_path: Path
) -> None:
    older = without_new_indexes(build, tmp_path)
    deploy_as_make_does(settings, template=older, environment="sandbox")
    first = outputs_of(emulator)
    table = aws.client("dynamodb", emulator)
    marker = {"pk": {"S": "MARK"}, "sk": {"S": "STATE"}}
    table.put_item(TableName=first["TableName"], Item=marker)
    screen = deploy_as_make_does(
        settings, template=changed_template(build, tmp_path), environment="sandbox"
    )
    assert "Deployment 1 of 2: the index by_reference" in screen
    described = table.describe_table(TableName=first["TableName"])["Table"]
    names = {each["IndexName"] for each in described["GlobalSecondaryIndexes"]}
    assert names >= {"by_day", "by_reference", "by_received"}
    second = outputs_of(emulator)
    assert (second["ApiId"], second["TableName"]) == (first["ApiId"], first["TableName"])
    assert table.get_item(TableName=second["TableName"], Key=marker)["Item"] == marker
    routes = routes_of(emulator, second["ApiId"])
    assert "GET /api/payment/mpesa/statistics/new" in routes
    assert "GET /api/payment/mpesa/statistics" not in routes
    schedule = aws.client("scheduler", emulator).get_schedule(Name=f"{STACK_NAME}-cleanup")
    assert schedule["ScheduleExpression"] == "rate(5 minutes)"
    assert delete(emulator) == "DELETE_COMPLETE"
    assert first["TableName"] not in table.list_tables()["TableNames"]


def test_what_runs_is_what_the_repository_says_after_a_line_was_taken_out(
    emulator: str, settings: LocalSettings, build: Build
) -> None:
    """The kind: sam keeps the deployed value of every parameter that nobody names."""
    own = {"CallbackFunctionUrl": "false", "CallbackUrlBase": "https://example.com"}
    own |= {"QuerySpacingSeconds": "33", "JwtAudience": 'a "b" c'}
    first = {"template": build.template, "environment": "sandbox"}
    deploy_as_make_does(settings, **first, **own)  # type: ignore[arg-type]
    assert callback_base(emulator) == "https://example.com"
    screen = deploy_as_make_does(settings, **first)  # type: ignore[arg-type]
    assert "CallbackUrlBase: 'https://example.com' -> ''" in screen
    stack = read_stack(aws.client("cloudformation", emulator), STACK_NAME)
    local = {"Arch": "x86_64", "SafaricomBase": settings.simulator_url}
    wanted = explicit(load_template(), read_target("sandbox").overrides | local)
    assert stack.parameters == wanted
    made, promised = resources_of(emulator), expanded(ROOT / "template.yaml")
    assert made.items() <= {name: kind for name, (kind, _) in promised.items()}.items()
    assert {name for name, (_, when) in promised.items() if when is None} <= made.keys()
    assert callback_base(emulator) == stack.outputs["CallbackFunctionUrlAddress"].rstrip("/")
    cleanup = aws.client("lambda", emulator).get_function_configuration(
        FunctionName=f"{STACK_NAME}-cleanup"
    )
    variables = cleanup["Environment"]["Variables"]
    assert variables["QUERY_SPACING_SECONDS"] == wanted["QuerySpacingSeconds"]
    assert delete(emulator) == "DELETE_COMPLETE"


def test_each_command_of_make_deploy_is_typed(
    emulator: str, settings: LocalSettings, build: Build
) -> None:
    """The build and the validation have tests of their own; the rest is typed here, in order."""
    typed = run(["make", "-n", "--no-print-directory", "deploy", "ENV=sandbox"]).splitlines()
    commands = typed[typed.index("python3.13 -m local.environments dev build") + 1 :]
    known = [next((each for each in MAKE_DEPLOY if each in line), line) for line in commands]
    assert known == MAKE_DEPLOY
    deploy_as_make_does(settings, template=build.template, environment="sandbox")
    shell = aws.environment(os.environ, emulator) | {"PYTHONPATH": "shared:."}
    stack = ["--stack", STACK_NAME]
    run([sys.executable, "-m", "tools.protect_stack", *stack], environment=shell)
    config = ["--config-file", str(settings.folder / "samconfig.toml"), "--config-env", "sandbox"]
    listed = run([*SAM, "list", "stack-outputs", *config], environment=shell)
    assert outputs_of(emulator)["ApiId"] in listed
    secrets = [sys.executable, "-m", "tools.store_secrets", *stack]
    run([*secrets, "--if-missing"], environment=shell)
    with pytest.raises(LocalStackError, match="checks failed"):  # no credentials are stored yet
        run([str(ROOT / "bin" / "hakika"), *stack, "doctor"], environment=shell)
    assert delete(emulator) == "DELETE_COMPLETE"


def test_the_commands_of_the_page_work_as_written(
    emulator: str, settings: LocalSettings, build: Build, tmp_path: Path
) -> None:
    """In order, as somebody does who deploys for the first time; placeholders get what was said."""
    deploy_as_make_does(settings, template=build.template, environment="sandbox")
    for entry in ROOT.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    profile = tmp_path / "aws-config"
    keys = [f"aws_{name} = test" for name in ("access_key_id", "secret_access_key")]
    profile.write_text("\n".join(["[profile clinic]", *keys]))
    starts = TYPED["test_the_commands_of_the_page_work_as_written"]
    lines = [line for line in lines_to_type() if line.startswith(starts)]
    lines[:2] = ["\n".join(lines[:2])]  # the profile, and who that is
    said: dict[str, str] = {"hakika-production": STACK_NAME}
    for line in lines:
        words = line
        for placeholder, value in said.items():
            words = words.replace(placeholder, value)
        answer = type_block(
            words,
            environment={"AWS_CONFIG_FILE": str(profile)},
            answers={},
            endpoint_url=emulator,
            folder=tmp_path,
        )
        if "create-topic" in line or "request-certificate" in line:
            said["TOPIC_ARN" if "sns" in line else "CERTIFICATE_ARN"] = answer.strip()
    for policy in ("deployer-1", "deployer-2", "operator"):
        assert json.loads((tmp_path / f"{policy}.json").read_text())["Statement"]
    topics = aws.client("sns", emulator)
    [heard] = topics.list_subscriptions_by_topic(TopicArn=said["TOPIC_ARN"])["Subscriptions"]
    assert heard["Protocol"] == "email"
    assert delete(emulator) == "DELETE_COMPLETE"


def test_production_refuses_to_be_deleted_as_a_stack_and_as_a_table(
    emulator: str, settings: LocalSettings, build: Build
) -> None:
    deploy_as_make_does(
        settings, template=build.template, environment="production", **production(emulator)
    )
    stacks, table = aws.client("cloudformation", emulator), aws.client("dynamodb", emulator)
    table_name = outputs_of(emulator)["TableName"]
    described = table.describe_table(TableName=table_name)["Table"]
    assert not described["DeletionProtectionEnabled"], "a failed deployment could not roll back"
    marker = {"pk": {"S": "MARK"}, "sk": {"S": "STATE"}}
    table.put_item(TableName=table_name, Item=marker)
    assert protect(stacks, table, STACK_NAME)
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        delete(emulator)
    wait, open_stack, open_table, delete_stack = [
        shlex.split(each.replace("hakika-production", STACK_NAME).replace("TABLE_NAME", table_name))
        for each in commands("deploy.md")
        if any(words in each for words in ("-protection", "delete-stack", "wait stack"))
    ][-4:]
    with patch.dict(os.environ, aws.environment({}, emulator)):
        assert type_aws(open_stack[1:]) == 0
        assert delete(emulator) == "DELETE_FAILED"
        assert table.get_item(TableName=table_name, Key=marker)["Item"] == marker
        assert type_aws(open_table[1:]) == 0
        assert type_aws(delete_stack[1:]) == 0
        assert type_aws(wait[1:]) == 0
    assert table_name not in table.list_tables()["TableNames"]


def test_a_domain_gets_certificate_mapping_and_record_and_callbacks_come_to_it(
    emulator: str, settings: LocalSettings, build: Build
) -> None:
    deploy_as_make_does(
        settings, template=build.template, environment="production", **production(emulator)
    )
    outputs = outputs_of(emulator)
    assert outputs["ApiUrl"] == f"https://{DOMAIN}"
    assert callback_base(emulator) == f"https://{DOMAIN}"
    gateway = aws.client("apigatewayv2", emulator)
    assert gateway.get_api(ApiId=outputs["ApiId"])["DisableExecuteApiEndpoint"] is True
    [mapping] = gateway.get_api_mappings(DomainName=DOMAIN)["Items"]
    assert (mapping["ApiId"], mapping["Stage"]) == (outputs["ApiId"], "$default")
    [domain] = gateway.get_domain_name(DomainName=DOMAIN)["DomainNameConfigurations"]
    certificates = aws.client("acm", emulator)
    described = certificates.describe_certificate(CertificateArn=domain["CertificateArn"])
    assert described["Certificate"]["DomainName"] == DOMAIN
    assert delete(emulator) == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("environment", "changes", "sentence"),
    [
        ("sandbox", {"CallbackFunctionUrl": "false"}, "CallbacksNeedAnAddress"),
        ("sandbox", {"CallbackUrlBase": "https://pay.MPesa.example"}, "a word that Safaricom"),
        ("sandbox", {"DomainName": "pay.executive.co.ke"}, "a word that Safaricom refuses"),
        ("sandbox", {"DomainName": "pay.example.co.ke"}, "DomainNeedsACertificate"),
        ("sandbox", {"SafaricomTransactionType": "CustomerBuyGoodsOnline"}, "TillNeedsItsNumber"),
        ("sandbox", {"JwksUrl": "https://login.example"}, "IdentityProviderNeedsIssuer"),
        ("production", {"CallbackFunctionUrl": "true"}, "needs your own SafaricomShortcode"),
        (
            "production",
            {"CallbackFunctionUrl": "true", "DeletionProtection": "false"},
            "needs DeletionProtection=true",
        ),
    ],
)
def test_what_would_not_work_is_refused_before_anything_is_made(
    emulator: str, environment: str, changes: dict[str, str], sentence: str
) -> None:
    values = dict(read_target(environment).overrides) | changes
    stacks: Any = aws.client("cloudformation", emulator)
    with pytest.raises(ClientError, match=sentence):
        stacks.create_stack(
            StackName="hakika-refused",
            TemplateBody=(ROOT / "template.yaml").read_text(),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in values.items()
            ],
        )
    made = stacks.list_stacks()["StackSummaries"]
    assert "hakika-refused" not in {each["StackName"] for each in made}


def test_without_a_domain_the_callback_gets_a_url_of_its_own(
    emulator: str, settings: LocalSettings, build: Build
) -> None:
    template = build.template
    deploy_as_make_does(
        settings, template=template, environment="sandbox", CallbackFunctionUrl="true"
    )
    gateway = aws.client("apigatewayv2", emulator)
    api_id = outputs_of(emulator)["ApiId"]
    assert gateway.get_api(ApiId=api_id)["DisableExecuteApiEndpoint"] is False
    functions = aws.client("lambda", emulator)
    base = callback_base(emulator)
    assert base == outputs_of(emulator)["CallbackFunctionUrlAddress"].rstrip("/")
    assert re.fullmatch(r"https://[0-9a-f]{32}\.lambda-url\.us-east-1\.on\.aws", base)
    policy = functions.get_policy(FunctionName=f"{STACK_NAME}-callback")["Policy"]
    public = [each for each in json.loads(policy)["Statement"] if each["Principal"] == "*"]
    actions = {each["Action"] for each in public}
    assert actions == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    assert delete(emulator) == "DELETE_COMPLETE"


def test_what_the_emulator_might_drop_is_noticed(
    emulator: str, settings: LocalSettings, build: Build
) -> None:
    deployment = deploy(Console(), settings, build)
    check_deployment(deployment, settings)
    routes = aws.client("apigatewayv2", emulator)
    api_id = deployment.outputs["ApiId"]
    lost = routes.get_routes(ApiId=api_id)["Items"][0]
    routes.delete_route(ApiId=api_id, RouteId=lost["RouteId"])
    with pytest.raises(LocalStackError, match="routes differ"):
        check_deployment(deployment, settings)


def test_a_taken_port_is_said_and_nothing_is_left(emulator: str, settings: LocalSettings) -> None:
    ports = (settings.gateway_port, settings.emulator_port, settings.simulator_port)
    arguments = ["--folder", str(settings.folder / "second"), *port_arguments(ports)]
    with pytest.raises(LocalStackError, match=rf"port {settings.emulator_port} .* is taken"):
        run([sys.executable, "-m", "local.stack", *arguments])
