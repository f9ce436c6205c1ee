"""Which CallBackURLs Daraja refuses. Source: docs/daraja.md 6."""

import ipaddress
from urllib.parse import urlsplit

URL_CHARACTERS_MAX = 2048
FORBIDDEN_WORDS = ("m-pesa", "mpesa", "safaricom", "exe", "cmd", "sql", "query")
_TAKEN_IN_A_PATH = ("m-pesa", "mpesa")
DISCOURAGED_HOSTS = ("ngrok", "requestbin", "mockbin")


def refusal(url: object, *, production: bool, allow_local: bool) -> str | None:
    """Why this URL is refused, in words for the journal; None when it is fine."""
    if not isinstance(url, str) or not url:
        return "it is missing"
    if len(url) > URL_CHARACTERS_MAX or not url.isascii() or any(each <= " " for each in url):
        return "it is malformed: too long, or holds spaces or characters that are not ASCII"
    word = forbidden_word(url) if production else _seen_refused(url)
    if word is not None:
        return f"it contains the forbidden word {word!r}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "it is malformed"
    if parts.scheme not in ("http", "https") or not host:
        return "it is no http or https address"
    if production and parts.scheme != "https":
        return "production takes https only"
    if production and any(each in host for each in DISCOURAGED_HOSTS):
        return "public tunnels and request bins are blocked"
    if not allow_local and not _is_public(host):
        return "it is not reachable from outside"
    return None


def forbidden_word(url: object) -> str | None:
    """The first of Safaricom's refused words that a URL contains, in whatever case."""
    if not isinstance(url, str):
        return None
    return next((each for each in FORBIDDEN_WORDS if each in url.lower()), None)


def _seen_refused(url: str) -> str | None:
    """As forbidden_word, but the sandbox was seen to take M-Pesa's own name in a path."""
    word = forbidden_word(url)
    if word not in _TAKEN_IN_A_PATH:
        return word
    begin, found, rest = url.partition("://")
    host, _, path = rest.partition("/")
    for each in _TAKEN_IN_A_PATH:
        path = path.lower().replace(each, "")
    return forbidden_word(f"{begin}{found}{host}/{path}")


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal"))
