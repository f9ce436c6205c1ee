"""Cuts botocore's descriptions of AWS down to the operations that are called, each left as it is.

Creating a client parses the description of its service and the list of all endpoints of AWS:
unpacked JSON with only what is used loads several times faster than the packed whole.
"""

import ast
import gzip
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore import xform_name

type Operations = Mapping[str, frozenset[str]]
# The rest of a description's folder: waiters, paginators and examples that nobody uses.
KEPT_FILES = ("service-2", "endpoint-rule-set-1")


def read_operations(file: Path) -> Operations:
    """Read `service: Operation Operation`, one service per line; # begins a comment."""
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    pairs = (line.partition(":") for line in lines if line)
    return {service.strip(): frozenset(names.split()) for service, _, names in pairs}


def find_dropped_calls(roots: list[Path], data: Path, operations: Operations) -> Iterator[str]:
    """Say where the code seems to call an operation that is not kept, as `path:line name`.

    It goes by the method's name alone, so it may name too much, never too little.
    """
    dropped: set[str] = set()
    for service, kept in operations.items():
        [path] = _newest(data, service).glob("service-2.json*")
        offered = set(_load(path)["operations"])
        dropped |= {xform_name(name) for name in offered - kept}
    dropped -= {xform_name(name) for kept in operations.values() for name in kept}
    for root in roots:
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            for node in ast.walk(ast.parse(path.read_text(), str(path))):
                if isinstance(node, ast.Attribute) and node.attr in dropped:
                    yield f"{path}:{node.lineno} {node.attr}"


def trim(data: Path, operations: Operations) -> None:
    """Keep the newest version of each service, its listed operations and its endpoints.

    Idempotent: a second run changes nothing.
    Errors: KeyError names an operation that AWS does not offer.
    """
    for service, kept in operations.items():
        folder = _newest(data, service)
        for older in (data / service).iterdir():
            if older != folder:
                shutil.rmtree(older)
        for path in folder.glob("service-2.json*"):
            _write(path, _only(_load(path), kept))
        for path in folder.glob("endpoint-rule-set-1.json.gz"):
            _write(path, _load(path))
        for path in folder.iterdir():
            if not path.name.startswith(KEPT_FILES):
                path.unlink()
    endpoints = data / "endpoints.json"
    if endpoints.exists():
        content = _load(endpoints)
        for partition in content.get("partitions", []):
            services = partition["services"]
            partition["services"] = {name: services[name] for name in operations & services.keys()}
        _write(endpoints, content)


def _newest(data: Path, service: str) -> Path:
    """The folder of a service's newest version, which is the one that a client takes."""
    return max(path.parent for path in data.glob(f"{service}/*/service-2.json*"))


def _only(description: dict[str, Any], kept: frozenset[str]) -> dict[str, Any]:
    operations = {name: description["operations"][name] for name in sorted(kept)}
    wanted: set[str] = set()
    _reach(list(operations.values()), description["shapes"], wanted)
    shapes = {name: shape for name, shape in description["shapes"].items() if name in wanted}
    trimmed = {**description, "operations": operations, "shapes": shapes}
    stripped: dict[str, Any] = _without_documentation(trimmed)
    return stripped


def _reach(node: Any, shapes: Mapping[str, Any], wanted: set[str]) -> None:
    """Collect every shape that can be reached from here."""
    if isinstance(node, list):
        for each in node:
            _reach(each, shapes, wanted)
    elif isinstance(node, dict):
        name = node.get("shape")
        if isinstance(name, str) and name not in wanted:
            wanted.add(name)
            _reach(shapes[name], shapes, wanted)
        for each in node.values():
            _reach(each, shapes, wanted)


def _without_documentation(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_documentation(each) for each in node]
    if isinstance(node, dict):
        # A documentation that is not text is a member of that name.
        return {
            name: _without_documentation(each)
            for name, each in node.items()
            if not (name == "documentation" and isinstance(each, str))
        }
    return node


def _load(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    loaded: dict[str, Any] = json.loads(
        gzip.decompress(content) if path.suffix == ".gz" else content
    )
    return loaded


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Write unpacked: the layer's own zip packs it, and a cold start need not unpack it twice."""
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    plain.write_text(json.dumps(content, separators=(",", ":")))
    if plain != path:
        path.unlink()
