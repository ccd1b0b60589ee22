"""Browsers: a page of another site must not connect (RFC 6455, 10.2; cross-site WebSocket hijacking)."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers

SCHEMES = frozenset({"http", "https"})


def is_own(headers: Headers) -> bool:
    """Say whether a request comes from no browser, or from a page of the very address that it goes to."""
    origins = headers.getlist("origin")
    if not origins:
        return True
    try:
        origin = urlsplit(origins[0])
    except ValueError:
        return False
    same = origin.netloc.lower() == headers.get("host", "").lower() != ""
    return len(origins) == 1 and origin.scheme in SCHEMES and same
