"""Serves the desk's static page: three files, with a policy that loads nothing from elsewhere."""

from pathlib import Path

from payments.errors import NotFoundError
from payments.http.api_gateway import SECURITY_HEADERS, Response

FILES = {
    "index.html": "text/html; charset=utf-8",
    "desk.css": "text/css; charset=utf-8",
    "desk.js": "text/javascript; charset=utf-8",
    "texts.js": "text/javascript; charset=utf-8",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_file(folder: Path, name: str) -> Response:
    """Return one file of the page. Errors: NotFoundError for any other name."""
    kind = FILES.get(name)
    if kind is None:
        raise NotFoundError("There is no such file", code="file_not_found")
    return {
        "statusCode": 200,
        "headers": {
            **SECURITY_HEADERS,
            "Content-Type": kind,
            "Content-Security-Policy": POLICY,
            "X-Frame-Options": "DENY",
        },
        "body": (folder / name).read_text(encoding="utf-8"),
    }
