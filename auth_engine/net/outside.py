"""Outgoing HTTP. Addresses of the operator's settings may be private; those that a user or a provider's answer names
may not (auth contract §10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

TIMEOUT_SECONDS: Final = 10.0
MAX_BYTES: Final = 1_048_576


class Unreachable(Exception):
    """No answer came, or one that is not taken. The message holds no secret."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Outside:
    """A client that follows no redirects, takes no endless answers, and knows which addresses are not for it."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

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
        """`trusted`: the address comes from the operator's settings. Raises Unreachable."""
        if self._client is None:
            self._client = httpx.AsyncClient(follow_redirects=False)
        try:
            answer = await self._client.request(
                method,
                url,
                headers=headers,
                json=json,
                data=form,
                content=content,
                auth=basic,
                timeout=seconds,
            )
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__name__) from None
        return Reply(answer.status_code, answer.headers, answer.content[:MAX_BYTES])

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
