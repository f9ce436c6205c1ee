"""The layer slimmer keeps what is used, refuses what it cannot know, and changes nothing twice."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pydantic_core
import pytest

from tools import slim_layer
from tools.slim_layer import LayerError
from tools.trim_descriptions import read_operations

SERVICES = frozenset({"dynamodb", "sqs"})


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A built layer in small."""
    root = tmp_path / "python"
    for service in ("dynamodb", "sqs", "ec2"):
        folder = root / "botocore" / "data" / service / "2012-08-10"
        folder.mkdir(parents=True)
        (folder / "service-2.json.gz").write_bytes(b"service")
        (folder / "examples-1.json.gz").write_bytes(b"examples")
    (root / "botocore" / "data" / "endpoints.json").write_text("{}")
    (root / "botocore" / "__init__.py").write_text("ANSWER = 42\n")
    info = root / "botocore-1.0.dist-info"
    (info / "licenses").mkdir(parents=True)
    for name in ("METADATA", "RECORD", "WHEEL"):
        (info / name).write_text(name)
    (root / "requirements.txt").write_text("botocore==1.0")
    (root / "payments").mkdir()
    (root / "payments" / "__init__.py").write_text("")
    return root


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def code(folder: Path, text: str) -> list[Path]:
    path = folder / "payments" / "code.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return [path]


def test_only_listed_services_and_needed_records_stay(layer: Path) -> None:
    slim_layer.slim(layer, SERVICES)
    data = layer / "botocore" / "data"
    assert {path.name for path in data.iterdir()} == {"dynamodb", "sqs", "endpoints.json"}
    kept = files(layer)
    assert "botocore-1.0.dist-info/METADATA" in kept
    assert not [name for name in kept if "RECORD" in name or "examples" in name]
    assert "requirements.txt" not in kept


def test_slimming_twice_changes_nothing(layer: Path) -> None:
    slim_layer.slim(layer, SERVICES)
    before = {name: (layer / name).read_bytes() for name in files(layer)}
    slim_layer.slim(layer, SERVICES)
    assert {name: (layer / name).read_bytes() for name in files(layer)} == before


def test_bytecode_is_trusted_without_looking_at_its_source(layer: Path) -> None:
    slim_layer.slim(layer, SERVICES)
    (compiled,) = (layer / "botocore" / "__pycache__").glob("__init__.*.pyc")
    flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
    assert flags == 0b01  # hash based, and not checked
    (layer / "botocore" / "__init__.py").write_text("ANSWER = 'changed later'\n")
    specification = importlib.util.spec_from_file_location(
        "slimmed", layer / "botocore" / "__init__.py"
    )
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    assert module.ANSWER == 42


def test_a_function_and_its_packages_are_compiled_for_where_they_will_lie(tmp_path: Path) -> None:
    (tmp_path / "jwt").mkdir()
    for name in ("app.py", "jwt/__init__.py"):
        (tmp_path / name).write_text("def f(): pass\n")
    slim_layer.compile_folder(tmp_path, slim_layer.FUNCTION_ROOT)
    (compiled,) = (tmp_path / "jwt" / "__pycache__").iterdir()
    assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 0b01
    assert b"/var/task/jwt/__init__.py" in compiled.read_bytes()
    (tmp_path / "app.py").write_text("def f(:\n")
    with pytest.raises(LayerError, match="does not compile"):
        slim_layer.compile_folder(tmp_path, slim_layer.FUNCTION_ROOT)


def test_a_package_that_nobody_uses_is_dropped(layer: Path) -> None:
    for package in (*slim_layer.UNUSED_PACKAGES, "requests"):
        (layer / package).mkdir()
        (layer / package / "__init__.py").write_text("")
    slim_layer.slim(layer, SERVICES)
    assert (layer / "requests" / "__init__.py").exists()
    assert not [package for package in slim_layer.UNUSED_PACKAGES if (layer / package).exists()]


def test_no_source_of_a_library_is_changed(layer: Path) -> None:
    installed = Path(pydantic_core.__file__).parent
    shutil.copytree(installed, layer / "pydantic_core", ignore=shutil.ignore_patterns("*.pyc"))
    sources = {path: path.read_bytes() for path in layer.rglob("*.py")}
    slim_layer.slim(layer, SERVICES)
    assert {path: path.read_bytes() for path in layer.rglob("*.py")} == sources


def test_a_client_of_an_unlisted_service_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match=r"code\.py:2 creates a client of 'ec2'"):
        slim_layer.check_clients(code(tmp_path, "import boto3\nboto3.client('ec2')\n"), SERVICES)


@pytest.mark.parametrize(
    "text",
    [
        "session.resource('s3')",
        "boto3.client(service_name='ec2')",
        "adapters.aws_client('kms')",
        "boto3.client(name)",
        "boto3.client(f'{x}')",
        "def other(service):\n    return boto3.client(service)",
    ],
)
def test_what_is_unlisted_or_cannot_be_known_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(LayerError):
        slim_layer.check_clients(code(tmp_path, text), SERVICES)


@pytest.mark.parametrize(
    "text",
    [
        "boto3.client('dynamodb')",
        "boto3.client(service_name='sqs')",
        "adapters.aws_client('sqs')",
        "def new_aws_client(service):\n    return boto3.client(service, config=c)",
        "self.client()",
    ],
)
def test_listed_services_and_the_own_factory_pass(tmp_path: Path, text: str) -> None:
    slim_layer.check_clients(code(tmp_path, text), SERVICES)


def test_the_real_code_creates_only_clients_that_stay() -> None:
    root = Path(__file__).resolve().parents[3]
    roots = [root / "shared" / "payments", *(root / "functions").glob("*/app.py")]
    services = frozenset(read_operations(slim_layer.SERVICES_FILE))
    assert {call.service for call in slim_layer.find_client_calls(roots)} <= services
    assert list(slim_layer.find_client_calls(roots))


def test_a_layer_over_its_budget_is_refused() -> None:
    slim_layer.check_size(slim_layer.LAYER_ZIP_BYTES_MAX)
    with pytest.raises(LayerError, match="over 10 MB"):
        slim_layer.check_size(slim_layer.LAYER_ZIP_BYTES_MAX + 1)


def test_a_folder_that_is_no_layer_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slim_layer.main([str(tmp_path)]) == 1
    assert "sam build" in capsys.readouterr().err


def test_another_python_than_the_runtimes_is_refused(
    layer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 0))
    with pytest.raises(LayerError, match=r"3\.13"):
        slim_layer.slim(layer, SERVICES)
