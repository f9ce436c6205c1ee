"""What SAM's own translator, in the version that deploys, makes of a template."""

import json
import os
import re
import subprocess
from pathlib import Path

from local.settings import ROOT

PYTHON = ROOT / ".venvs" / "build" / "bin" / "python"
EXPAND = """
import json, sys
from types import SimpleNamespace
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

template = yaml_parse(sys.stdin.read())
for resource in template["Resources"].values():
    for name in {"CodeUri", "ContentUri"} & set(resource.get("Properties", {})):
        resource["Properties"][name] = "s3://bucket/key"
expanded = transform(template, json.loads(sys.argv[1]), SimpleNamespace(load=dict))
print(json.dumps({
    name: [each["Type"], each.get("Condition")] for name, each in expanded["Resources"].items()
}))
"""
LAYER = "AWS::Lambda::LayerVersion"
_DIGEST = re.compile(r"[0-9a-f]{10}$")


def expanded(template: Path) -> dict[str, tuple[str, str | None]]:
    """Give each resource's type and condition by logical id; a layer's without its digest."""
    done = subprocess.run(
        [str(PYTHON), "-c", EXPAND, json.dumps({"AllowedOrigins": ["https://clinic.example"]})],
        input=template.read_text(),
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    return {without_digest(name, kind): (kind, when) for name, (kind, when) in found.items()}


def without_digest(name: str, kind: str) -> str:
    """A layer's logical id ends with a digest of where its content was uploaded to."""
    return _DIGEST.sub("", name) if kind == LAYER else name
