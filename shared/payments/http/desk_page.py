"""Serves the desk's static page: its files, with a policy that loads nothing from elsewhere."""

import base64
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from payments.aws.token_families import TokenFamily
from payments.errors import NotFoundError
from payments.http.api_gateway import SECURITY_HEADERS, Response

SCRIPT = "text/javascript; charset=utf-8"
FILES = {
    "index.html": "text/html; charset=utf-8",
    "desk.css": "text/css; charset=utf-8",
    "figtree.woff2": "font/woff2",
    **dict.fromkeys(
        ("desk.js", "page.js", "story.js", "day.js", "statement.js", "texts.js"), SCRIPT
    ),
    "account.js": SCRIPT,
    "oidc-client-ts.min.js": SCRIPT,
}
LIBRARY = "oidc-client-ts.min.js"
"""Signs staff in with an account; the page loads it only where the deployment has an issuer."""
PLACE = '<meta name="staff-account" content="">'
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "connect-src 'self'{issuer}; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page_file(folder: Path, name: str, accounts: TokenFamily | None = None) -> Response:
    """Return one file of the page, which names the issuer of staff accounts where there is one.

    Errors: NotFoundError for any other name.
    """
    kind = FILES.get(name)
    if kind is None:
        raise NotFoundError("There is no such file", code="file_not_found")
    content, issuer = (folder / name).read_bytes(), ""
    if accounts is not None:
        address = urlsplit(accounts.issuer)
        issuer = f" {address.scheme}://{address.netloc}"
        told = escape(f"{accounts.issuer} {accounts.audience}")
        content = content.replace(PLACE.encode(), PLACE.replace('""', f'"{told}"').encode())
    is_text = kind.endswith("utf-8")
    return {
        "statusCode": 200,
        "headers": {
            **SECURITY_HEADERS,
            "Content-Type": kind,
            "Content-Security-Policy": POLICY.format(issuer=issuer),
            "X-Frame-Options": "DENY",
        },
        "body": content.decode() if is_text else base64.b64encode(content).decode(),
        "isBase64Encoded": not is_text,
    }
