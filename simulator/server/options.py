"""The command-line options of the HTTP server, beside the core's configuration."""

from dataclasses import dataclass, field

SOURCE_PLACEHOLDER = "{source_ip}"


@dataclass(frozen=True, slots=True)
class Options:
    """How callbacks travel.

    Shape: `resolve` maps a URL's beginning to where it really is; the Host header stays that of
    the URL unless `callback_headers` names another. In the headers' values `{source_ip}` is
    replaced by the address that the delivery claims.
    """

    resolve: dict[str, str] = field(default_factory=dict)
    callback_headers: dict[str, str] = field(default_factory=dict)
    callbacks_at_once_max: int = 500

    def target(self, url: str) -> str:
        """Where a callback for this URL is really sent."""
        for begin, instead in self.resolve.items():
            if url == begin or url.startswith((f"{begin}/", f"{begin}?")):
                return instead + url[len(begin) :]
        return url

    def headers(self, source_ip: str) -> dict[str, str]:
        """The extra headers of one delivery."""
        return {
            name: value.replace(SOURCE_PLACEHOLDER, source_ip)
            for name, value in self.callback_headers.items()
        }


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
