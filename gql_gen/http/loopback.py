"""The development mode's door: with no secret set, only this machine is let in.

A web page open in a developer's browser runs on this machine too. It gives itself away by its Origin, by the Host it
reached us under (DNS rebinding), or by the browser's own Sec-Fetch-Site.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

GUARD_HEADERS: Final = frozenset(
    {b"host", b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"forwarded", b"x-forwarded-for"}
)


def stranger(scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> str | None:
    """Why this request does not come from this machine, or None when it does. `headers` holds GUARD_HEADERS."""
    client = scope.get("client")
    if client is None or not _is_loopback_address(client[0]):
        return "without an admin secret only this machine is answered"
    if b"forwarded" in headers or b"x-forwarded-for" in headers:
        return "without an admin secret a proxied request is not answered"
    if not is_loopback_host(headers.get(b"host", b"").decode("latin-1")):
        return "without an admin secret the Host must be localhost"
    origin = headers.get(b"origin")
    if origin is not None and not is_loopback_origin(origin.decode("latin-1")):
        return "without an admin secret the Origin must be localhost"
    if headers.get(b"sec-fetch-site") == b"cross-site" and headers.get(b"sec-fetch-mode") != b"navigate":
        return "without an admin secret other sites are not answered"
    return None


@lru_cache(maxsize=256)
def is_loopback_host(netloc: str) -> bool:
    """Whether `host[:port]` names this machine, whatever the port."""
    try:
        parts = urlsplit(f"//{netloc}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not name or parts.netloc != netloc or "@" in netloc:
        return False
    return name == "localhost" or name.endswith(".localhost") or _is_loopback_address(name)


@lru_cache(maxsize=256)
def is_loopback_origin(origin: str) -> bool:
    """Whether a page of this origin was served by this machine."""
    scheme, separator, netloc = origin.partition("://")
    return bool(separator) and scheme in ("http", "https") and is_loopback_host(netloc)


@lru_cache(maxsize=256)
def _is_loopback_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
