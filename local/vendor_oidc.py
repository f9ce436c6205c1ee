"""`python -m local.vendor_oidc`: brings the library by which staff sign in with an account.

One file of one release, into the desk's folder beside its license; the page loads it only where the
deployment has an issuer for staff.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from local.node import NodeError, environment, npm
from local.settings import ROOT

PACKAGE = "oidc-client-ts@3.5.0"
SHA256 = (
    "f999daa383f09eb090d0ae32211e9ca931c76840e08e47fcf334fc8f5f74f1ef"  # pragma: allowlist secret
)
FOLDER = ROOT / "functions" / "desk"
FILE = FOLDER / "oidc-client-ts.min.js"
LICENSE = FOLDER / "oidc-client-ts-LICENSE.txt"


def vendor() -> None:
    """Write library and license. Errors: NodeError where the release is not the one that is known.

    Idempotent.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = npm("pack", PACKAGE, "--pack-destination", name)
        subprocess.run(command, check=True, env=environment(), cwd=folder)  # noqa: S603
        [archive] = folder.glob("*.tgz")
        with tarfile.open(archive) as release:
            release.extractall(folder, filter="data")
        content = (folder / "package/dist/browser" / FILE.name).read_bytes()
        if hashlib.sha256(content).hexdigest() != SHA256:
            raise NodeError(f"{PACKAGE} is not the release whose hash is written here")
        FILE.write_bytes(content)
        LICENSE.write_bytes((folder / "package/LICENSE").read_bytes())


if __name__ == "__main__":
    try:
        vendor()
    except (NodeError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
