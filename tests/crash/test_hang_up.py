"""A client that goes away in the middle of a mutation leaves nothing half done."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from crash.conftest import OpenDesk
from crash.kit import COUNTED_ENTRY, ENTRY, WAITS, Desk, Observer, until
from crash.stand import SECRET

from gql_gen.http import build_app
from gql_gen.http.types import AuthSettings, HttpSettings

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/v1/graphql",
    "raw_path": b"/v1/graphql",
    "query_string": b"",
    "headers": [
        (b"host", b"localhost"),
        (b"content-type", b"application/json"),
        (b"x-hasura-admin-secret", SECRET.encode()),
        (b"x-hasura-role", b"writer"),
        (b"x-hasura-user-id", b"one"),
    ],
    "client": ("127.0.0.1", 50000),
}
KEY = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize(
    ("text", "table"),
    [(ENTRY, "entries"), (COUNTED_ENTRY, "counters")],
    ids=["one statement", "after the first of two"],
)
async def test_a_mutation_whose_client_has_gone_is_rolled_back(
    open_desk: OpenDesk, observer: Observer, text: str, table: str
) -> None:
    desk = await open_desk(pool_size=1)
    async with observer.transaction():
        await observer.execute(f"lock table {table} in share mode")
        await asyncio.wait_for(ask_and_hang_up(desk, text, observer), 10)
    await until(observer, "select count(*) = 0 from entries")
    assert await observer.fetchval("select value from counters where id = 1") == 0
    # The connection that was in use is given up; its place is not.
    key, answer = await desk.enter(text)
    assert answer["data"]["insert_entries_one"] == {"id": key}


async def ask_and_hang_up(desk: Desk, text: str, observer: Observer) -> None:
    """Sends the mutation, waits until it waits in the database, and goes."""
    app = build_app(desk.engine, AuthSettings(admin_secret=SECRET), HttpSettings(watch_after=0.01))
    body = json.dumps({"query": text, "variables": {"id": KEY}}).encode()
    is_sent = False

    async def receive() -> dict[str, Any]:
        nonlocal is_sent
        if not is_sent:
            is_sent = True
            return {"type": "http.request", "body": body}
        await until(observer, WAITS)
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        pytest.fail(f"nobody is there to be told {message}")

    await app(dict(SCOPE), receive, send)
