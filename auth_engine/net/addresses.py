"""Which addresses of the internet are for anybody: no private, local or special one, however it is written."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

Resolver: TypeAlias = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""Host and port → its addresses. Raises OSError."""

_EMBEDDING: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
"""NAT64 and "IPv4-compatible": the IPv4 address stands in the last 32 bits."""
_LOCAL: Final = (ipaddress.IPv6Network("64:ff9b:1::/48"), ipaddress.IPv6Network("fec0::/10"))
"""What older tables of special addresses leave out: local NAT64, and site-local addresses of old."""


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """What this machine's resolver says, in its order; `0x7f.1` and the like come back as what they mean."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(text: str) -> bool:
    """Whether anybody may be reached there. An IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64) counts as
    the IPv4 address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _embedded(address) if isinstance(address, ipaddress.IPv6Address) else None
    if inner is not None:
        return is_public(str(inner))
    if any(address in network for network in _LOCAL):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
