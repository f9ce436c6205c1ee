"""Reads template.yaml with CloudFormation's short functions spelled out (`!Ref x`: {"Ref": x})."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"


class _TemplateLoader(yaml.CSafeLoader):
    """YAML with CloudFormation's short-form tags."""


def _intrinsic(loader: _TemplateLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_TemplateLoader.add_multi_constructor("!", _intrinsic)


def load_template(path: str | Path = TEMPLATE) -> dict[str, Any]:
    """Return the whole template, its short-form functions spelled out."""
    return parse_template(Path(path).read_text(encoding="utf-8"))


def parse_template(text: str) -> dict[str, Any]:
    """Return a template of YAML or JSON, its short-form functions spelled out."""
    # A safe loader, which neither tool can see.
    template: dict[str, Any] = yaml.load(text, Loader=_TemplateLoader)  # noqa: S506 # nosec B506
    return template


def as_json(template: Mapping[str, Any]) -> str:
    """Return a template as JSON, where CloudFormation takes Fn::GetAtt as a list only."""
    return json.dumps(_with_lists(template), default=str)


def _with_lists(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_lists(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    found = node.get("Fn::GetAtt")
    if isinstance(found, str):
        return {"Fn::GetAtt": found.split(".", 1)}
    return {name: _with_lists(each) for name, each in node.items()}
