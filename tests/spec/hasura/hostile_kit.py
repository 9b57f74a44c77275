"""The real app over a real engine, and a client that holds every answer to the envelope."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

SECRET = "an admin secret"
GOOD = '{"query": "{ author_by_pk(id: 1) { name } }"}'
GOOD_ANSWER = {"data": {"author_by_pk": {"name": "Ada Lindqvist"}}}
SLOW_SECONDS = 0.25


@dataclass
class Client:
    """Posts to /v1/graphql as the admin. Mutations are dry runs, so that all tests find the same rows."""

    http: httpx.AsyncClient
    slow: list[str] = field(default_factory=list)

    async def post(self, body: bytes | str, name: str = "") -> httpx.Response:
        content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        headers = {"content-type": "application/json", "x-hasura-admin-secret": SECRET, "x-usher-dry-run": "true"}
        before = time.process_time()
        reply = await self.http.post("/v1/graphql", content=content, headers=headers)
        spent = time.process_time() - before
        if spent > SLOW_SECONDS:
            self.slow.append(f"{spent:.2f} s: {name or content[:80]!r}")
        return reply

    async def ask(self, query: str, variables: Any = None, operation: Any = None) -> httpx.Response:
        body: dict[str, Any] = {"query": query}
        if variables is not None:
            body["variables"] = variables
        if operation is not None:
            body["operationName"] = operation
        return await self.post(json.dumps(body), query[:80])

    async def still_serves(self) -> None:
        reply = await self.post(GOOD)
        assert reply.json() == GOOD_ANSWER


def error_of(reply: httpx.Response) -> dict[str, Any]:
    """The one error of an answer, which must be in the envelope, and understandable: never an internal one."""
    assert reply.headers["content-type"].startswith("application/json")
    page = reply.json()
    assert list(page) == ["errors"], page
    (error,) = page["errors"]
    assert set(error) == {"message", "extensions"}
    assert set(error["extensions"]) == {"path", "code"}
    assert error["extensions"]["path"].startswith("$")
    assert error["extensions"]["code"] != "unexpected", error
    assert reply.status_code < 500
    for word in ("Traceback", "internal error", "Error(", "asyncpg", "Exception"):
        assert word not in error["message"]
    return dict(error)


def answered(reply: httpx.Response) -> Any:
    """Data, or an understandable error: for input of which either may be right."""
    page = reply.json()
    if "errors" in page:
        error_of(reply)
        return None
    assert reply.status_code == 200
    return page["data"]
