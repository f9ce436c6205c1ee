"""Serves the desk's static page: its files, with a policy that loads nothing from elsewhere."""

import base64
from pathlib import Path

from payments.errors import NotFoundError
from payments.http.api_gateway import SECURITY_HEADERS, Response

SCRIPT = "text/javascript; charset=utf-8"
FILES = {
    "index.html": "text/html; charset=utf-8",
    "desk.css": "text/css; charset=utf-8",
    "figtree.woff2": "font/woff2",
    **dict.fromkeys(
        ("desk.js", "page.js", "story.js", "ask.js", "day.js", "statement.js", "texts.js"), SCRIPT
    ),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_file(folder: Path, name: str) -> Response:
    """Return one file of the page. Errors: NotFoundError for any other name."""
    kind = FILES.get(name)
    if kind is None:
        raise NotFoundError("There is no such file", code="file_not_found")
    content = (folder / name).read_bytes()
    is_text = kind.endswith("utf-8")
    return {
        "statusCode": 200,
        "headers": {
            **SECURITY_HEADERS,
            "Content-Type": kind,
            "Content-Security-Policy": POLICY,
            "X-Frame-Options": "DENY",
        },
        "body": content.decode() if is_text else base64.b64encode(content).decode(),
        "isBase64Encoded": not is_text,
    }
