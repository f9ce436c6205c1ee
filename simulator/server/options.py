"""The command-line options of the HTTP server, beside the core's configuration."""

from dataclasses import dataclass, field

SOURCE_PLACEHOLDER = "{source_ip}"


@dataclass(frozen=True, slots=True)
class Options:
    """How callbacks travel.

    Shape: `resolve` maps a URL's beginning to where it really is; the Host header stays that of
    the URL unless `callback_headers` names another. In header values `{source_ip}`
    becomes the address that the delivery claims to come from. `resolved_headers` go only where
    `resolve` sends a callback: a key of a local gateway must not reach a foreign address.
    """

    resolve: dict[str, str] = field(default_factory=dict)
    callback_headers: dict[str, str] = field(default_factory=dict)
    resolved_headers: dict[str, str] = field(default_factory=dict)
    callbacks_at_once_max: int = 500

    def target(self, url: str) -> str:
        """Where a callback for this URL is really sent."""
        found = self._resolved(url)
        return url if found is None else found

    def headers(self, url: str, source_ip: str) -> dict[str, str]:
        """The extra headers of one delivery."""
        is_resolved = self._resolved(url) is not None
        given = self.callback_headers | (self.resolved_headers if is_resolved else {})
        return {name: value.replace(SOURCE_PLACEHOLDER, source_ip) for name, value in given.items()}

    def _resolved(self, url: str) -> str | None:
        for begin, instead in self.resolve.items():
            if url == begin or url.startswith((f"{begin}/", f"{begin}?")):
                return instead + url[len(begin) :]
        return None


def mapping(text: str) -> tuple[str, str]:
    """`FROM=TO` as a pair of URL beginnings. Errors: ValueError says what is wrong."""
    begin, found, instead = text.partition("=")
    if not found or "://" not in begin or "://" not in instead:
        raise ValueError("write it as https://public.example=http://127.0.0.1:8000")
    return begin.rstrip("/"), instead.rstrip("/")


def header(text: str) -> tuple[str, str]:
    """`Name: value` as a pair. Errors: ValueError says what is wrong."""
    name, found, value = text.partition(":")
    if not found or not name.strip():
        raise ValueError('write it as "X-Forwarded-For: {source_ip}"')
    return name.strip(), value.strip()
