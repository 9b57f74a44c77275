"""Where a request comes from, as far as that can be known."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, TypeAlias

from starlette.types import Scope

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_FORWARDED: Final = b"x-forwarded-for"
_UNKNOWN: Final = "unknown"
_HOUSEHOLD: Final = 64
"""Whoever has one IPv6 address has all that share its first 64 bits."""
_LONGEST: Final = 64
"""Characters of an address: what visitors make up is not kept whole."""


def parse_networks(text: str) -> tuple[Network, ...]:
    """`10.0.0.0/8, 127.0.0.1`. Raises ValueError."""
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def origin(scope: Scope, proxies: tuple[Network, ...]) -> str:
    """The address to count a request by: the peer's, or what trusted proxies say. Of what they hand on the last address
    that is none of theirs counts, for whatever stands before it the visitor may have written."""
    client = scope.get("client")
    nearest = _parsed(client[0]) if client else None
    if nearest is None:
        return _UNKNOWN
    if _is_in(nearest, proxies):
        nearest = _handed_on(scope["headers"], nearest, proxies)
    return _bucket(nearest)


def _handed_on(headers: Iterable[tuple[bytes, bytes]], nearest: _Address, proxies: tuple[Network, ...]) -> _Address:
    said = b",".join(value for name, value in headers if name == _FORWARDED).decode("latin-1")
    for part in reversed(said.split(",")):
        address = _parsed(part.strip()[:_LONGEST])
        if address is None:
            return nearest
        nearest = address
        if not _is_in(nearest, proxies):
            return nearest
    return nearest


@lru_cache(maxsize=8_192)
def _parsed(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_in(address: _Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=8_192)
def _bucket(address: _Address) -> str:
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, _HOUSEHOLD), strict=False))
