"""Which release a stack must have before it gets this one.

Release 0.1.1 reads what this release writes, and its functions check tokens themselves. A stack of
0.1.0 has functions that believe the authorizer, which this release takes away.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tools.deploy.errors import DeployError
from tools.deploy.stack import Stack
from tools.samconfig import Target
from tools.template import parse_template

BRIDGE, BRIDGE_COMMIT = "0.1.1", "3f3f064"
"""The release in between, and its commit (CHANGELOG.md)."""
RELEASE_OUTPUT = "Release"
"""The output that names a stack's release; releases before 0.2.0 have none."""
AUTHORIZER = "AuthorizerFunction"
FUNCTION_TYPES = ("AWS::Serverless::Function", "AWS::Lambda::Function")
PROOF_OF_CHECK = "JWT_SECRET_ARN"
"""A function that checks tokens itself reads the secret of this ARN."""


def read_deployed(cloudformation: Any, stack: Stack, name: str) -> dict[str, Any]:
    """Return the template that a stack was deployed with; empty where there is none.

    Errors: ClientError where AWS refuses.
    """
    if not stack.exists:
        return {}
    answer = cloudformation.get_template(StackName=name, TemplateStage="Original")
    body = answer["TemplateBody"]
    return dict(body) if isinstance(body, Mapping) else parse_template(body)


def refuse_to_skip(
    stack: Stack, deployed: Mapping[str, Any], wanted: Mapping[str, Any], target: Target
) -> None:
    """Pass only a stack whose functions check tokens themselves. Errors: DeployError.

    A stack that names its release has 0.2.0 or a later one.
    """
    if RELEASE_OUTPUT in stack.outputs or AUTHORIZER not in deployed.get("Resources", {}):
        return
    believing = sorted(
        set(_checking(wanted)) & set(_functions(deployed)) - set(_checking(deployed))
    )
    if believing:
        raise DeployError(
            f"{target.stack} runs a release before {BRIDGE}: {', '.join(believing)} believe the "
            f"authorizer, which this release takes away. Deploy {BRIDGE} first, then this one:\n"
            f"  git worktree add ../hakika-{BRIDGE} {BRIDGE_COMMIT}\n"
            f"  cp samconfig.toml ../hakika-{BRIDGE}/    # take out what it does not know\n"
            f"  make -C ../hakika-{BRIDGE} deploy ENV={target.environment}\n"
            "docs/upgrade.md has the steps"
        )


def _functions(template: Mapping[str, Any]) -> Iterator[str]:
    for name, resource in template["Resources"].items():
        if resource["Type"] in FUNCTION_TYPES:
            yield name


def _checking(template: Mapping[str, Any]) -> Iterator[str]:
    for name in _functions(template):
        properties = template["Resources"][name].get("Properties", {})
        if PROOF_OF_CHECK in properties.get("Environment", {}).get("Variables", {}):
            yield name
