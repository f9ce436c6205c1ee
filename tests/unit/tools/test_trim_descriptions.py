"""What the layer keeps of botocore still makes working clients, and a missing call is noticed."""

import shutil
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.session import Session

from tools.slim_layer import SERVICES_FILE
from tools.trim_descriptions import find_dropped_calls, read_operations, trim

DATA = Path(botocore.__file__).parent / "data"
OPERATIONS = read_operations(SERVICES_FILE)
SHARED = ("partitions.json", "sdk-default-configuration.json", "_retry.json", "endpoints.json")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The installed descriptions of the listed services."""
    for service in OPERATIONS:
        shutil.copytree(DATA / service, tmp_path / service)
    for name in SHARED:
        shutil.copy(DATA / name, tmp_path / name)
    return tmp_path


def client_of(data: Path, service: str) -> object:
    """A client that knows nothing but these descriptions."""
    session = Session()
    loader = session.get_component("data_loader")
    loader._search_paths[:] = [str(data)]
    return session.create_client(
        service, region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def members(shape: Any) -> set[str] | None:
    """A shape's fields; some operations have no answer."""
    return None if shape is None else set(shape.members)


@pytest.mark.parametrize("service", sorted(OPERATIONS))
def test_a_client_made_from_the_trimmed_descriptions_has_every_listed_operation(
    data: Path, service: str
) -> None:
    trim(data, OPERATIONS)
    client = client_of(data, service)
    names = frozenset(client.meta.service_model.operation_names)  # type: ignore[attr-defined]
    assert names == OPERATIONS[service]
    for name in names:
        model = client.meta.service_model.operation_model(name)  # type: ignore[attr-defined]
        whole = Session().get_service_model(service).operation_model(name)
        assert model.operation_context_parameters == whole.operation_context_parameters
        assert members(model.input_shape) == members(whole.input_shape)
        assert members(model.output_shape) == members(whole.output_shape)
        assert [shape.name for shape in model.error_shapes] == [
            shape.name for shape in whole.error_shapes
        ]


def test_trimming_twice_changes_nothing(data: Path) -> None:
    trim(data, OPERATIONS)
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    trim(data, OPERATIONS)
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before


def test_a_call_of_an_operation_that_is_dropped_is_named(data: Path, tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text("client.get_item()\nclient.delete_item()\n")
    assert list(find_dropped_calls([code], data, OPERATIONS)) == [f"{code}:2 delete_item"]


def test_an_operation_that_aws_does_not_offer_is_an_error(data: Path) -> None:
    with pytest.raises(KeyError):
        trim(data, {"sqs": frozenset({"SendPigeon"})})
