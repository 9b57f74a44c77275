"""A recording engine behind the HTTP edge, and one way to send it a request.

    reply = await edge(auth=AuthSettings(admin_secret="s")).post({"query": "{ a }"}, {"x-hasura-admin-secret": "s"})

The engine is a port of this package; what it records are the asks and the callers that reached it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

from gql_gen.ask import DocumentAsk, Outcome, Reply
from gql_gen.errors import UsherError
from gql_gen.rules.types import NO_LIMITS, Fault, LimitRules
from gql_gen.session import Caller

SECRET = "an admin secret"


@dataclass
class RecordingAnswers:
    """Answers every ask with the same bytes, or as `respond` says, and remembers who asked what."""

    asks: list[DocumentAsk] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    body: bytes = b'{"data":{"ok":true}}'
    respond: Callable[[DocumentAsk, Caller], Any] | None = None
    faults: tuple[Fault, ...] = ()
    generation: int = 0
    reachable: bool = True
    limited: LimitRules = field(default_factory=lambda: LimitRules(batch=100))

    async def answer(self, ask: DocumentAsk, caller: Caller) -> Reply:
        self.asks.append(ask)
        self.callers.append(caller)
        if self.respond is None:
            return Reply(self.body)
        answered: Reply = await self.respond(ask, caller)
        return answered

    def limits(self, role: str) -> LimitRules:
        return NO_LIMITS if role == "admin" else self.limited

    def refuse(self, error: UsherError, outcome: Outcome = "refused") -> Reply:
        extensions = {"path": error.path, "code": error.code}
        body = {"errors": [{"message": error.message, "extensions": extensions}]}
        return Reply(json.dumps(body).encode(), outcome)

    async def ping(self) -> bool:
        if not self.reachable:
            raise ConnectionError("no database")
        return True


@dataclass(frozen=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["errors"][0]["extensions"]["code"])

    @property
    def message(self) -> str:
        return str(self.json["errors"][0]["message"])


@dataclass
class Edge:
    """The app, its engine, and a client that speaks raw ASGI."""

    app: ASGIApp
    answers: RecordingAnswers
    client: tuple[str, int] | None = ("127.0.0.1", 50000)

    @property
    def caller(self) -> Caller:
        """Whoever asked last."""
        return self.answers.callers[-1]

    async def send(
        self,
        method: str,
        path: str = "/v1/graphql",
        headers: Mapping[str, str] | None = None,
        chunks: tuple[bytes, ...] = (b"",),
        query: bytes = b"",
    ) -> Got:
        """One request, its body in the given pieces."""
        sent: list[Message] = []
        pieces = list(chunks)

        async def receive() -> Message:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(self.scope(method, path, headers or {}, query), receive, send)
        start, body = sent
        answered = {name.decode(): value.decode() for name, value in start["headers"]}
        return Got(start["status"], answered, body["body"])

    async def post(self, body: Any, headers: Mapping[str, str] | None = None) -> Got:
        """POST a document as JSON, or bytes as they are."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.send("POST", headers={"content-type": "application/json", **(headers or {})}, chunks=(text,))

    async def ask(self, headers: Mapping[str, str] | None = None) -> Got:
        """The plainest question, for tests about who asks."""
        return await self.post({"query": "{ ok }"}, headers)

    def scope(self, method: str, path: str, headers: Mapping[str, str], query: bytes = b"") -> dict[str, Any]:
        given = {"host": "localhost:8080", **{name.lower(): value for name, value in headers.items()}}
        return {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [(name.encode(), value.encode("utf-8")) for name, value in given.items()],
            "client": self.client,
        }


MakeEdge = Callable[..., Edge]
