"""Keys published under an address (`jwk_url`): fetched at start, refreshed in the background, never on the hot path."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec

from gql_gen.http.keys import Key, parse_key_set
from gql_gen.http.loopback import is_loopback_host
from gql_gen.http.secret import JwkUrl

logger = logging.getLogger(__name__)

_MAX_BYTES: Final = 1024 * 1024
_TIMEOUT: Final = 10.0
_DEFAULT_REFRESH: Final = 60.0
_SHORTEST_REFRESH: Final = 1.0
_LONGEST_REFRESH: Final = 24 * 3600.0
_RETRY: Final = 10.0
_MAX_AGE = re.compile(r"\b(?:s-maxage|max-age)\s*=\s*\"?(\d{1,10})")


class RemoteKeys:
    """The keys last fetched. When the address fails they serve on for `keep_for` seconds, then none are trusted."""

    def __init__(
        self,
        source: JwkUrl,
        on_change: Callable[[], None],
        *,
        keep_for: float = 24 * 3600.0,
        early_interval: float = 5.0,
    ) -> None:
        self._source = source
        self._on_change = on_change
        self._keep_for = keep_for
        self._early_interval = early_interval
        self._keys: tuple[Key, ...] = ()
        self._document: object = None
        self._fetched_at = float("-inf")
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Fetch once and keep fresh from then on. A failing address is logged and asked again, not raised."""
        is_local = is_loopback_host(urlsplit(self._source.url).netloc)
        # No redirects: they would let the answering side choose where we connect.
        self._client = httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=not is_local)
        pause = await self._refresh()
        self._task = asyncio.create_task(self._keep_fresh(pause))

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._client is not None:
            await self._client.aclose()

    async def find(self, algorithm: str, kid: str | None) -> tuple[Key, ...]:
        """The keys that may check such a token. An unknown kid asks the address early, but not often."""
        found = self._matching(algorithm, kid)
        is_under_way = self._lock.locked()
        if not found and (is_under_way or time.monotonic() - self._asked_at >= self._early_interval):
            async with self._lock:
                if not is_under_way:
                    await self._refresh()
            found = self._matching(algorithm, kid)
        return found

    def _matching(self, algorithm: str, kid: str | None) -> tuple[Key, ...]:
        return tuple(
            key
            for key in self._keys
            if algorithm in key.algorithms and (kid is None or key.kid is None or key.kid == kid)
        )

    async def _keep_fresh(self, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            async with self._lock:
                pause = await self._refresh()

    async def _refresh(self) -> float:
        """Fetch now; the seconds until the next time."""
        self._asked_at = time.monotonic()
        try:
            document, pause = await self._fetch()
            keys = parse_key_set(document, self._source.algorithms)
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            logger.error("the keys at %s could not be read: %s", self._source.url, error or type(error).__name__)
            self._forget_stale()
            return _RETRY
        self._fetched_at = time.monotonic()
        if document != self._document:
            self._document, self._keys = document, keys
            self._on_change()
        return pause

    async def _fetch(self) -> tuple[object, float]:
        if self._client is None:
            raise ValueError("not started")
        async with self._client.stream("GET", self._source.url, headers={"accept": "application/json"}) as response:
            if response.status_code != 200:
                raise ValueError(f"status {response.status_code}")
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES:
                    raise ValueError("the answer is too long")
        return msgspec.json.decode(body), refresh_after(response.headers)

    def _forget_stale(self) -> None:
        if self._keys and time.monotonic() - self._fetched_at > self._keep_for:
            self._keys, self._document = (), None
            self._on_change()


def refresh_after(headers: Mapping[str, str], *, now: Callable[[], float] = time.time) -> float:
    """Seconds until keys answered with these headers should be asked for again."""
    return min(max(_stated(headers, now), _SHORTEST_REFRESH), _LONGEST_REFRESH)


def _stated(headers: Mapping[str, str], now: Callable[[], float]) -> float:
    match = _MAX_AGE.search(headers.get("cache-control", "").lower())
    if match is not None:
        return float(match[1])
    with suppress(ValueError, KeyError):
        return parsedate_to_datetime(headers["expires"]).timestamp() - now()
    return _DEFAULT_REFRESH
