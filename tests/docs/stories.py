"""The pages of docs/auth as stories: their requests are sent one after the other to both engines over one database.

In an answer `"<name>"` stands for any text and keeps it: what is said later must be the same, and requests say `<name>`
for it. `"…"` is any value, and `"…": "…"` in an object means that it has further keys. Text bodies and headers may hold
both, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
from docs.examples import AuthExchange
from docs.pages import ROOT
from docs.running import ADDRESS, parts

from auth_engine.core.settings import read_settings as read_auth_settings
from usher.serve import Service
from usher.settings import read_settings

MADE_BY_UP: Mapping[str, str] = {
    "HASURA_GRAPHQL_ADMIN_SECRET": "an-admin-secret",
    "HASURA_GRAPHQL_JWT_SECRET": '{"type": "HS256", "key": "a key that is at least thirty-two characters long"}',
    "HASURA_GRAPHQL_PG_CONNECTIONS": "2",
    "AUTH_ENCRYPTION_KEYS": "a key that is at least thirty-two characters long",
    "AUTH_SERVER_URL": f"{ADDRESS}/v1/auth",
    "AUTH_CLIENT_URL": f"{ADDRESS}/console",
    "AUTH_DEV_MAIL_BOX": "true",
    "AUTH_PG_CONNECTIONS": "3",
}
"""What `usher up` sets where the page sets nothing."""
_REMEMBERED = re.compile(r"<([a-z][a-z ]*)>")
_HOLE = re.compile(r"<([a-z][a-z ]*)>|…")


class Told(dict[str, str]):
    """What earlier answers said, by the names that the page gave it."""

    def filled(self, text: str) -> str:
        return _REMEMBERED.sub(lambda match: self[match[1]], text)

    def fits(self, wanted: Any, got: Any) -> bool:
        """Whether an answer is the page's; what it calls by a name is kept."""
        match wanted:
            case str():
                return self._fits_text(wanted, got)
            case dict():
                if not isinstance(got, dict):
                    return False
                keys = wanted.keys() - {"…"}
                may_have_more = "…" in wanted
                return (keys == got.keys() or (may_have_more and keys <= got.keys())) and all(
                    self.fits(wanted[key], got[key]) for key in keys
                )
            case list():
                return isinstance(got, list) and len(wanted) == len(got) and all(map(self.fits, wanted, got))
        return bool(wanted == got) and type(wanted) is type(got)

    def _fits_text(self, wanted: str, got: Any) -> bool:
        if wanted == "…":
            return True
        if not isinstance(got, str):
            return False
        names = [match[1] for match in _HOLE.finditer(wanted)]
        pattern = "(.*)".join(re.escape(part) for part in re.split(r"<[a-z][a-z ]*>|…", wanted))
        found = re.fullmatch(pattern, got, re.DOTALL)
        if found is None:
            return False
        said = {name: text for name, text in zip(names, found.groups(), strict=True) if name}
        if any(self.get(name, text) != text for name, text in said.items()):
            return False
        self.update(said)
        return True


@asynccontextmanager
async def both_engines(url: str, settings: Mapping[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    environment = {**MADE_BY_UP, **settings}
    service = Service(
        read_settings(environment), url, ROOT / "permissions.yaml", strict=True, auth=read_auth_settings(environment)
    )
    async with service.opened() as app:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
            yield client


async def tell(exchange: AuthExchange, client: httpx.AsyncClient, told: Told) -> None:
    """Send the request and look at its answer."""
    first, headers, body = parts(exchange.block)
    method, target, _ = told.filled(first).split(" ")
    place = urlsplit(target)
    answer = await client.request(
        method,
        f"{place.path}?{place.query}" if place.query else place.path,
        headers={name: told.filled(value) for name, value in headers},
        content=told.filled(body).encode() or None,
    )
    status_line, wanted_headers, wanted = parts(exchange.answer)
    assert status_line.split(" ")[1] == str(answer.status_code), f"{exchange.block.place}: {answer.text}"
    for name, value in wanted_headers:
        assert told.fits(value, answer.headers.get(name, "-")), f"{exchange.block.place}: {name}: {answer.headers}"
    is_json = "json" in answer.headers.get("content-type", "")
    said = (json.loads(wanted), answer.json()) if is_json and wanted != "…" else (wanted, answer.text)
    assert told.fits(*said), f"{exchange.block.place}: {answer.text}"
