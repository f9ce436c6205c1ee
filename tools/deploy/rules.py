"""The template's Rules, evaluated on this machine: refused before anything is built.

CloudFormation evaluates them too. It does so after the build and the upload.
"""

from collections.abc import Mapping
from typing import Any

from tools.deploy.errors import DeployError


def refuse_broken_rules(template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
    """Pass only parameters that keep every rule. Errors: DeployError says every broken one."""
    broken = broken_assertions(template, parameters)
    if broken:
        raise DeployError("; ".join(broken))


def broken_assertions(template: Mapping[str, Any], parameters: Mapping[str, str]) -> list[str]:
    """Return the description of every assertion that does not hold."""
    lists = {
        name
        for name, each in template["Parameters"].items()
        if each["Type"] == "CommaDelimitedList" or each["Type"].startswith("List<")
    }
    values: dict[str, Any] = {
        name: value.split(",") if name in lists else value for name, value in parameters.items()
    }
    return [
        str(assertion["AssertDescription"])
        for rule in template.get("Rules", {}).values()
        if _evaluate(rule.get("RuleCondition", True), values)
        for assertion in rule["Assertions"]
        if not _evaluate(assertion["Assert"], values)
    ]


def _evaluate(node: Any, values: Mapping[str, Any]) -> Any:
    if not isinstance(node, Mapping):
        return node
    [(function, argument)] = node.items()
    if function == "Ref":
        return values[argument]
    arguments = [_evaluate(each, values) for each in argument]
    match function:
        case "Fn::Equals":
            return str(arguments[0]) == str(arguments[1])
        case "Fn::Not":
            return not arguments[0]
        case "Fn::And":
            return all(arguments)
        case "Fn::Or":
            return any(arguments)
        case "Fn::Contains":
            return arguments[1] in arguments[0]
    raise DeployError(f"template.yaml uses {function} in a rule, which is not known here")
