"""When the build is repeated, what a changed requirement costs, and which routes are promised."""

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from local import environments
from local.build import digest_inputs, zip_layers
from local.settings import ROOT
from local.template import Route, read_routes, read_template


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in ("shared/payments", "functions/status", "tools"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("template.yaml", "tools/slim_layer.py", "tools/layer_services.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "shared/payments/store.py").write_text("a = 1")
    return tmp_path


def test_a_changed_renamed_or_new_source_is_another_build(repository: Path) -> None:
    seen = {digest_inputs(repository)}
    source = repository / "shared/payments/store.py"
    source.write_text("a = 2")
    seen.add(digest_inputs(repository))
    source.rename(source.with_name("table.py"))
    seen.add(digest_inputs(repository))
    (repository / "functions/status/app.py").write_text("")
    seen.add(digest_inputs(repository))
    assert len(seen) == 4


def test_a_cache_or_a_test_is_not_a_source(repository: Path) -> None:
    before = digest_inputs(repository)
    cache = repository / "shared/payments/__pycache__"
    cache.mkdir()
    (cache / "store.cpython-313.pyc").write_bytes(b"x")
    (repository / "tests").mkdir()
    (repository / "tests/test_x.py").write_text("")
    assert digest_inputs(repository) == before


def test_the_template_promises_the_designs_routes() -> None:
    mpesa = "/api/payment/mpesa"
    assert read_routes(read_template(ROOT / "template.yaml")) == {
        Route(f"POST {mpesa}/stk-push", needs_token=True),
        Route(f"GET {mpesa}/status/{{id}}", needs_token=True),
        Route(f"POST {mpesa}/stkpush/query", needs_token=True),
        Route(f"GET {mpesa}/statistics", needs_token=True),
        Route("PUT /api/consultations/{booking_id}", needs_token=True),
        Route("GET /api/consultations/{booking_id}", needs_token=True),
        Route("GET /api/payments/{payment_id}", needs_token=True),
        Route("GET /api/payments", needs_token=True),
        Route("POST /api/payments/{payment_id}/refunds", needs_token=True),
        Route("GET /api/payments/{payment_id}/refunds", needs_token=True),
        Route("POST /api/payments/{payment_id}/receipt-claims", needs_token=True),
        Route("POST /api/result/reversal/{payment_id}/{attempt}/{token}", needs_token=False),
        Route(
            "POST /api/result/reversal/{payment_id}/{attempt}/{token}/timeout", needs_token=False
        ),
        Route("POST /api/result/status/{receipt}/{token}", needs_token=False),
        Route("POST /api/result/balance/{token}", needs_token=False),
        Route("POST /api/payment/callback/{payment_id}/{token}", needs_token=False),
        Route(f"POST {mpesa}/callback", needs_token=False),
        Route("POST /api/c2b/{token}/confirmation", needs_token=False),
        Route("POST /api/c2b/{token}/validation", needs_token=False),
        Route("GET /desk", needs_token=False),
        Route("GET /desk/{file}", needs_token=False),
        Route("POST /api/desk/sessions", needs_token=False),
        *(
            Route(f"{method} /api/desk/{path}", needs_token=True)
            for method, path in (
                *(("GET", name) for name in ("me", "waiting", "search", "days")),
                ("POST", "statement"),
                ("GET", "payments/{payment_id}"),
                ("POST", "payments/{payment_id}/acts"),
                ("GET", "receipts/{receipt}"),
                ("POST", "receipts/{receipt}/acts"),
            )
        ),
    }


def test_a_changed_requirement_is_another_environment(tmp_path: Path) -> None:
    requirements = tmp_path / "dev.txt"
    requirements.write_text("a==1")
    before = environments.digest(requirements)
    requirements.write_text("a==2")
    assert environments.digest(requirements) != before


def test_an_environment_that_holds_its_requirements_is_left_alone(tmp_path: Path) -> None:
    requirements = tmp_path / "x.txt"
    requirements.write_text("no such thing==1")
    folder = tmp_path / "env"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    (folder / environments.MARK).write_text(environments.digest(requirements))
    environment = environments.Environment("x", folder, requirements)
    assert environments.ensure(environment) is False


@pytest.mark.parametrize("environment", ["prod", "local", ""])
def test_an_unknown_environment_is_refused_before_anything_is_installed_or_built(
    environment: str,
) -> None:
    """With a Python that does not run: whatever comes first would complain of that."""
    command = ["make", "deploy", f"ENV={environment}", "PYTHON=no-such-python"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f'ENV is sandbox or production, not "{environment}"' in done.stderr
    assert "no-such-python" not in done.stdout + done.stderr


def test_a_layer_is_zipped_once_and_a_function_stays_a_folder(tmp_path: Path) -> None:
    (tmp_path / "PaymentsLayer/python").mkdir(parents=True)
    (tmp_path / "PaymentsLayer/python/payments.py").write_text("a = 1")
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "PaymentsLayer"}}
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "StatusFunction"}}
    template = tmp_path / "template.yaml"
    template.write_text(json.dumps({"Resources": {"PaymentsLayer": layer, "Status": function}}))
    zip_layers(template)
    resources = json.loads(template.read_text())["Resources"]
    assert resources["PaymentsLayer"]["Properties"]["ContentUri"] == "PaymentsLayer.zip"
    assert resources["Status"] == function
    with zipfile.ZipFile(tmp_path / "PaymentsLayer.zip") as zipped:
        assert zipped.read("python/payments.py") == b"a = 1"
