"""Slims the built layer, so that a cold start reads little: `python -m tools.slim_layer <build>`.

Drops the descriptions of AWS services and operations that nobody calls (layer_services.txt lists
what stays), package records and caches, and a package that nobody uses. It compiles the rest to
.pyc files that are trusted without looking at their sources, and changes no source of a library. It
compiles the functions too: else each cold start compiles them and their packages again. Refuses to
go on where the code calls what is not listed, or where the layer comes out larger than
LAYER_ZIP_BYTES_MAX. `sam build` alone works too, only bigger and slower.
"""

import ast
import compileall
import io
import py_compile
import shutil
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.trim_descriptions import Operations, find_dropped_calls, read_operations, trim

LAYER_ZIP_BYTES_MAX = 10_000_000
RUNTIME_VERSION = (3, 13)
LAYER_ROOT, FUNCTION_ROOT = "/opt/python", "/var/task"
SERVICES_FILE = Path(__file__).with_name("layer_services.txt")
# requests guesses the encoding of a text with it, and can do without: we read bytes.
UNUSED_PACKAGES = ("charset_normalizer",)
# Calls that make a client: boto3.client("sqs"), session.resource("dynamodb"), and our own factory,
# which hands its parameter on and is therefore checked where it is called.
_CLIENT_MAKERS = {"client", "resource", "create_client", "aws_client", "new_aws_client"}


class LayerError(Exception):
    """The layer cannot be slimmed; the message says what to do."""


@dataclass(frozen=True)
class ClientCall:
    """One place in the code that makes a client; `service` is None where it is not a literal."""

    path: Path
    line: int
    service: str | None


def main(arguments: list[str]) -> int:
    """Slim the layer of a build folder (default .aws-sam/build); 1 with a sentence on failure."""
    build = Path(arguments[0]) if arguments else Path(".aws-sam/build")
    layer = build / "PaymentsLayer" / "python"
    try:
        check_built(layer)
        operations = read_operations(SERVICES_FILE)
        functions = [path for path in build.glob("*Function/app.py") if path.is_file()]
        check_clients([layer / "payments", *functions], frozenset(operations))
        check_operations([layer / "payments", *functions], layer, operations)
        before = zip_bytes(layer)
        trim(layer / "botocore" / "data", operations)
        slim(layer, frozenset(operations))
        for other in sorted({*build.glob("*Layer/python")} - {layer}):
            _drop_records(other)
            compile_folder(other, LAYER_ROOT)
        for function in functions:
            compile_folder(function.parent, FUNCTION_ROOT)
        after = zip_bytes(layer)
        check_size(after)
    except LayerError as error:
        print(f"slim_layer: {error}", file=sys.stderr)
        return 1
    print(f"layer: {before / 1e6:.2f} MB zipped became {after / 1e6:.2f} MB")
    return 0


def check_built(layer: Path) -> None:
    """Pass only where `sam build` has put a layer."""
    if not (layer / "botocore" / "data").is_dir():
        raise LayerError(f"{layer} is not a built layer; run `sam build` first")


def check_clients(roots: list[Path], services: frozenset[str]) -> None:
    """Pass only where every client that the code creates is of a listed service.

    Errors: LayerError names the place, also where the service is not a literal string, because
    then nobody can say what is needed.
    """
    for call in find_client_calls(roots):
        if call.service is None:
            raise LayerError(
                f"{call.path}:{call.line} names its service by an expression; write it"
            )
        if call.service not in services:
            raise LayerError(
                f"{call.path}:{call.line} creates a client of {call.service!r}, which the layer "
                f"does not keep; add it to {SERVICES_FILE.name} if it is meant"
            )


def check_operations(roots: list[Path], layer: Path, operations: Operations) -> None:
    """Pass only where no call looks like one of an operation that the layer drops."""
    for call in find_dropped_calls(roots, layer / "botocore" / "data", operations):
        raise LayerError(f"{call} is an operation the layer drops; list it in {SERVICES_FILE.name}")


def find_client_calls(roots: list[Path]) -> Iterator[ClientCall]:
    """Give every client call in the files and folders, but those inside our own factory."""
    for root in roots:
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            tree = ast.parse(path.read_text(), str(path))
            handed_on = {id(call) for call in _calls_inside_factories(tree)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and _makes_client(node) and id(node) not in handed_on:
                    yield ClientCall(path, node.lineno, _service_of(node))


def slim(layer: Path, services: frozenset[str]) -> None:
    """Delete what no function needs and compile the rest.

    Idempotent: a second run changes nothing.
    """
    check_built(layer)
    if sys.version_info[:2] != RUNTIME_VERSION:
        raise LayerError("the layer must be compiled by Python 3.13, the version of the runtime")
    for data in (layer / "botocore" / "data", layer / "boto3" / "data"):
        _drop_services(data, services)
    for package in UNUSED_PACKAGES:
        shutil.rmtree(layer / package, ignore_errors=True)
    _drop_records(layer)
    compile_folder(layer, LAYER_ROOT)


def compile_folder(folder: Path, runtime_root: str) -> None:
    """Compile what Lambda will find at `runtime_root`. Errors: LayerError."""
    compiled = compileall.compile_dir(
        folder,
        quiet=1,
        stripdir=str(folder),
        prependdir=runtime_root,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        raise LayerError(f"a module of {folder} does not compile; its error stands above")


def zip_bytes(layer: Path) -> int:
    """Measure the layer as a deployment would zip it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(layer.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(layer.parent))
    return buffer.getbuffer().nbytes


def check_size(size: int) -> None:
    """Pass only a layer that stays within its budget."""
    if size > LAYER_ZIP_BYTES_MAX:
        raise LayerError(
            f"the layer has {size / 1e6:.2f} MB zipped, over {LAYER_ZIP_BYTES_MAX / 1e6:.0f} MB"
        )


def _makes_client(node: ast.Call) -> bool:
    named = node.func.attr if isinstance(node.func, ast.Attribute) else None
    named = node.func.id if isinstance(node.func, ast.Name) else named
    # Without arguments it is another function of the same ordinary name.
    return named in _CLIENT_MAKERS and bool(node.args or node.keywords)


def _calls_inside_factories(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls that hand on a parameter of a function that is itself a maker."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name in _CLIENT_MAKERS:
            parameters = {argument.arg for argument in function.args.args}
            for node in ast.walk(function):
                is_handed_on = isinstance(node, ast.Call) and any(
                    isinstance(each, ast.Name) and each.id in parameters for each in node.args[:1]
                )
                if is_handed_on and isinstance(node, ast.Call):
                    yield node


def _service_of(node: ast.Call) -> str | None:
    named = [keyword.value for keyword in node.keywords if keyword.arg == "service_name"]
    candidate = (list(node.args) + named)[:1]
    if candidate and isinstance(candidate[0], ast.Constant) and isinstance(candidate[0].value, str):
        return candidate[0].value
    return None


def _drop_services(data: Path, services: frozenset[str]) -> None:
    for entry in data.iterdir() if data.is_dir() else ():
        if entry.is_dir() and entry.name not in services:
            shutil.rmtree(entry)
    for examples in data.rglob("examples-1.json*"):
        examples.unlink()


def _drop_records(layer: Path) -> None:
    for cache in list(layer.rglob("__pycache__")):
        shutil.rmtree(cache)
    for record in [*layer.glob("*.data"), *layer.glob("bin"), layer / "boto3" / "examples"]:
        shutil.rmtree(record, ignore_errors=True)
    for listing in layer.glob("requirements*"):
        listing.unlink()
    for info in layer.glob("*.dist-info"):
        for entry in info.iterdir():
            # METADATA stays: importlib.metadata.version() reads it.
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "METADATA":
                entry.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
