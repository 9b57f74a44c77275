"""Outgoing HTTP. Addresses of the operator's settings may be private; those that a user or a provider's answer names
may not (auth contract §10).

HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE are followed. Redirects never are: whoever asks sees the 3xx and refuses it. An
address that is not trusted is resolved here, each of its addresses is judged, and the connection goes to the judged
one, so that a name cannot mean something else a moment later. Through a proxy it is the proxy that resolves: there the
name is judged by what it means on this machine, when it means anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

from auth_engine.net.addresses import Resolver, is_public, resolve

if TYPE_CHECKING:
    import ssl

    import httpx

TIMEOUT_SECONDS: Final = 10.0
MAX_BYTES: Final = 1_048_576
_PORTS: Final = {"http": 80, "https": 443}
_ALWAYS: Final = {"User-Agent": "usher-auth", "Accept-Encoding": "identity"}


class Unreachable(Exception):
    """No answer came, or one that is not taken. The message holds no secret."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def is_success(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a request goes: by which client, to which address, under which name."""

    client: httpx.AsyncClient
    url: str
    headers: Mapping[str, str]
    extensions: dict[str, Any]


class Outside:
    """A client that follows no redirects, takes no endless answers, and knows which addresses are not for it."""

    def __init__(self, *, resolver: Resolver = resolve, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._resolve = resolver
        self._transport = transport
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._context: ssl.SSLContext | None = None

    async def ask(
        self,
        method: str,
        url: str,
        *,
        trusted: bool,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        basic: tuple[str, str] | None = None,
        seconds: float = TIMEOUT_SECONDS,
    ) -> Reply:
        """`trusted`: the address comes from the operator's settings. `seconds` are for everything together, and an
        answer longer than MAX_BYTES is none. Raises Unreachable."""
        import httpx

        try:
            async with asyncio.timeout(seconds):
                target = self._trusted(url) if trusted else await self._judged(url)
                given = {**_ALWAYS, **(headers or {}), **target.headers}
                request = target.client.build_request(
                    method, target.url, headers=given, json=json, data=form, content=content,
                    timeout=seconds, extensions=target.extensions,
                )  # fmt: skip
                answer = await target.client.send(request, auth=basic, stream=True)
                try:
                    return Reply(answer.status_code, answer.headers, await _bounded(answer))
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            raise Unreachable(type(error).__name__) from None

    def _trusted(self, url: str) -> _Target:
        return _Target(self._client("trusted"), url, {}, {})

    async def _judged(self, url: str) -> _Target:
        """Raises Unreachable for what must not be reached, ValueError for no address at all, OSError for no host."""
        parts = urlsplit(url)
        host = parts.hostname
        if parts.scheme not in _PORTS or not host or parts.username is not None or parts.password is not None:
            raise Unreachable("not an address to be reached")
        port = parts.port or _PORTS[parts.scheme]
        proxy = _proxy_for(parts.scheme, host)
        try:
            found = await self._resolve(host, port)
        except OSError:
            if proxy is None:
                raise
            found = ()
        if not all(is_public(each) for each in found) or not (found or proxy):
            raise Unreachable("the address is not public")
        if proxy is not None:
            return _Target(self._client("proxied", proxy), url, {}, {})
        pinned = parts._replace(netloc=_netloc(found[0], parts.port)).geturl()
        return _Target(self._client("pinned"), pinned, {"Host": _host_of(parts)}, {"sni_hostname": host})

    def _client(self, kind: str, proxy: str | None = None) -> httpx.AsyncClient:
        """`pinned` keeps no connection: one made for a name must not serve another name at the same address."""
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx

        key = f"{kind} {proxy or ''}"
        if key not in self._clients:
            self._context = self._context or httpx.create_ssl_context(trust_env=True)
            self._clients[key] = httpx.AsyncClient(
                follow_redirects=False,
                limits=httpx.Limits(max_connections=100, max_keepalive_connections=0 if kind == "pinned" else 20),
                trust_env=kind == "trusted",
                proxy=proxy,
                transport=self._transport,
                verify=self._context,
                # What one answer sets is not for the next request, which is another visitor's.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            )
        return self._clients[key]

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()


async def _bounded(answer: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > MAX_BYTES:
            raise Unreachable("the answer is too long")
        parts.append(part)
    return b"".join(parts)


def _proxy_for(scheme: str, host: str) -> str | None:
    """The proxy that the environment names for this host."""
    import urllib.request

    proxies = urllib.request.getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    return None if not proxy or urllib.request.proxy_bypass(host) else proxy


def _netloc(address: str, port: int | None) -> str:
    name = f"[{address}]" if ":" in address else address
    return name if port is None else f"{name}:{port}"


def _host_of(parts: SplitResult) -> str:
    return _netloc(parts.hostname or "", parts.port)
