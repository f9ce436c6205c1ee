"""What is measured: each function of the product and of the two peers, as Lambda would load it."""

import compileall
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from py_compile import PycInvalidationMode

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".build" / "bench"
PRODUCT = WORK / "product"
PEER_LAYER = WORK / "peers" / "layer"
PEERS = ROOT / "bench" / "peers"
RUNTIME = WORK / "runtime"
PORT = 9650
BASE = f"http://127.0.0.1:{PORT}"
PYTHON = Path(sys.base_prefix) / "bin" / "python3.13"
RUNTIME_PACKAGES = ("awslambdaric", "snapshot_restore_py", "simplejson")
TOLD = (
    *("aws-lambda-powertools", "aws-xray-sdk", "boto3", "botocore", "cryptography", "pydantic"),
    *("PyJWT", "requests", "urllib3"),
)
FUNCTIONS = ("callback", "status", "stk_push")
FOLDERS = {"callback": "Callback", "status": "Status", "stk_push": "StkPush"}
# What template.yaml sets beside names and limits.
OF_THE_PRODUCT = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:"


@dataclass(frozen=True)
class Subject:
    """One function: `path` is what Lambda would put on PYTHONPATH, in its order."""

    team: str
    function: str
    handler: str
    path: tuple[Path, ...]

    def environment(self) -> dict[str, str]:
        """The environment of the function, and nothing of ours."""
        path = os.pathsep.join(map(str, (*self.path, RUNTIME)))
        own = OF_THE_PRODUCT if self.team == "product" else {}
        return {**environment(), **own, "PYTHONPATH": path}


def environment() -> dict[str, str]:
    """What every function finds in its environment, product and peers alike."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": BASE,
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "LAMBDA_TASK_ROOT": "/var/task",
        "_X_AMZN_TRACE_ID": (
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
        ),
        "TABLE_NAME": "payments",
        "PEER_PAYMENTS": "peer-payments",
        "PEER_CONSULTATIONS": "peer-consultations",
        "PEER_IDEMPOTENCY": "peer-idempotency",
        "SAFARICOM_BASE": BASE,
        "SAFARICOM_SHORTCODE": "174379",
        "CALLBACK_URL_BASE": "https://pay.example.co.ke",
        "CALLBACK_SOURCE_IPS": "196.201.214.200",
        # A poll of a young payment stays one under valgrind, which takes a minute for it.
        "FIRST_QUERY_SECONDS": "300",
        "DARAJA_SECRET_ARN": f"{ARN}daraja",
        "PEPPER_SECRET_ARN": f"{ARN}pepper",
        "JWT_SECRET_ARN": f"{ARN}jwt",
        "PAYBILL_SECRET_ARN": f"{ARN}paybill",
        "INITIATOR_SECRET_ARN": f"{ARN}initiator",
        "RESULT_KEY_SECRET_ARN": f"{ARN}result-key",
        "FALLBACK_QUEUE_URL": f"{BASE}/queue",
        "MONEY_QUEUE_URL": f"{BASE}/queue",
        "POWERTOOLS_SERVICE_NAME": "bench",
        "POWERTOOLS_METRICS_NAMESPACE": "Bench",
    }


def subjects() -> list[Subject]:
    """Every function of every team."""
    found = []
    for function in FUNCTIONS:
        folder = PRODUCT / f"{FOLDERS[function]}Function"
        layer = PRODUCT / "PaymentsLayer" / "python"
        found.append(Subject("product", function, "app:handler", (folder, layer)))
        typical = (WORK / "peers" / "typical", PEER_LAYER, WORK / "peers" / "tracer")
        found.append(Subject("typical", function, "app:handler", typical))
        careful = (WORK / "peers" / "careful", PEER_LAYER)
        found.append(Subject("careful", function, f"{function}:handler", careful))
    return found


def authorizers() -> dict[str, Subject]:
    """The function in front of a peer's routes; the product needs none."""
    typical = (WORK / "peers" / "typical", PEER_LAYER, WORK / "peers" / "crypto")
    careful = (WORK / "peers" / "careful", PEER_LAYER)
    return {
        "typical": Subject("typical", "authorizer", "authorizer:handler", typical),
        "careful": Subject("careful", "authorizer", "authorizer:handler", careful),
    }


def product_function(folder: str) -> Subject:
    """A function that only the product has."""
    path = (PRODUCT / f"{folder}Function", PRODUCT / "PaymentsLayer" / "python")
    return Subject("product", folder, "app:handler", path)


def copy_runtime() -> None:
    """Lambda's runtime client, which a deployed function finds beside its layers."""
    if RUNTIME.exists():
        return
    RUNTIME.mkdir(parents=True, exist_ok=True)
    site = Path(sys.prefix) / "lib" / "python3.13" / "site-packages"
    for name in RUNTIME_PACKAGES:
        for path in [*site.glob(name), *site.glob(f"{name}.py")]:
            copy = shutil.copytree if path.is_dir() else shutil.copy
            copy(path, RUNTIME / path.name)
    for library in site.glob("runtime_client*"):
        shutil.copy(library, RUNTIME / library.name)


def build() -> None:
    """Build the product for this machine, and the peers on the same packages, not slimmed."""
    shutil.rmtree(WORK, ignore_errors=True)
    copy_runtime()
    sam = ROOT / ".venvs" / "build" / "bin" / "sam"
    _run(sam, "build", "-p", "--build-dir", PRODUCT, "--parameter-overrides", "Arch=x86_64")
    shutil.copytree(PRODUCT / "PaymentsLayer" / "python", PEER_LAYER)
    shutil.rmtree(PEER_LAYER / "payments")
    _run(sys.executable, "-m", "tools.slim_layer", PRODUCT)
    for team in ("typical", "careful"):
        shutil.copytree(PEERS / team, WORK / "peers" / team)
    tracer = WORK / "peers" / "tracer"
    packages = ("aws-xray-sdk", "wrapt")
    uv = Path(sys.prefix) / "bin" / "uv"
    _run(uv, "pip", "install", "-q", "--no-deps", "--target", tracer, *packages)
    pins = ROOT / "layers" / "cryptography" / "requirements.txt"
    _run(uv, "pip", "install", "-q", "--target", WORK / "peers" / "crypto", "-r", pins)
    # sam build ships no compiled files; the peers get them all the same.
    for folder in (WORK / "peers", RUNTIME):
        mode = PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(folder, quiet=2, invalidation_mode=mode)


def versions() -> dict[str, str]:
    """The versions of the packages that all three teams run on, the peers' unslimmed."""
    found = {
        each.metadata["Name"].replace("_", "-"): each.version
        for each in distributions(path=_folders())
    }
    return {name: found[name] for name in TOLD if name in found}


def _folders() -> list[str]:
    return [str(PEER_LAYER), str(WORK / "peers" / "tracer"), str(WORK / "peers" / "crypto")]


def sizes() -> dict[str, dict[str, float]]:
    """Megabytes of what each team ships beside its own code, zipped and unpacked."""
    teams = {
        "product": [PRODUCT / "PaymentsLayer" / "python"],
        "typical": [PEER_LAYER, WORK / "peers" / "tracer"],
        "careful": [PEER_LAYER],
    }
    return {team: _size(folders) for team, folders in teams.items()}


def _size(folders: list[Path]) -> dict[str, float]:
    from tools.slim_layer import zip_bytes

    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {
        "zip_megabytes": sum(map(zip_bytes, folders)) / 1e6,
        "megabytes": sum(path.stat().st_size for path in files) / 1e6,
    }


def _run(*command: object) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "SAM_CLI_TELEMETRY": "0"},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
