"""Passwords that everybody knows, asked of a stand-in for haveibeenpwned on this machine."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import asyncpg
import pytest
from auth_kit import ADMIN_SECRET, PASSWORD, AuthServer, Serve, free_port, new_address, refused

KNOWN = "correct horse battery staple"
PADDING = "known by padding alone"


@dataclass
class Ranges:
    """The service: what it was asked, and how it answers."""

    url: str
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    status: int = 200


def _digest(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


@pytest.fixture
def ranges() -> Iterator[Ranges]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.asked.append((self.path, self.headers["Add-Padding"]))
            entries = [("0" * 35, 7), (_digest(KNOWN)[5:], 42), (_digest(PADDING)[5:], 0)]
            body = "\r\n".join(f"{suffix}:{count}" for suffix, count in entries).encode()
            self.send_response(service.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = Ranges(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _settings(url: str) -> dict[str, str]:
    return {
        "AUTH_PASSWORD_HIBP_ENABLED": "true",
        "AUTH_PASSWORD_HIBP_URL": url,
        "AUTH_ANONYMOUS_USERS_ENABLED": "true",
    }


async def _sign_up(server: AuthServer, password: str) -> Any:
    return await server.post("/signup/email-password", {"email": new_address(), "password": password})


async def test_a_known_password_is_refused_and_never_sent(
    serve: Serve, sql: asyncpg.Connection, ranges: Ranges
) -> None:
    server = await serve(**_settings(ranges.url))
    before = await sql.fetchval("select count(*) from auth.users")
    refused(await _sign_up(server, KNOWN), 400, "password-in-hibp-database")
    assert await sql.fetchval("select count(*) from auth.users") == before
    assert ranges.asked == [(f"/range/{_digest(KNOWN)[:5]}", "true")]
    assert (await _sign_up(server, PASSWORD)).status_code == 200
    assert (await _sign_up(server, PADDING)).status_code == 200


async def test_every_door_for_a_new_password_asks(serve: Serve, ranges: Ranges) -> None:
    server = await serve(**_settings(ranges.url))
    visitor = (await server.client.post("/signin/anonymous")).json()["session"]["accessToken"]
    body = {"signInMethod": "email-password", "email": new_address(), "password": KNOWN}
    refused(await server.post("/user/deanonymize", body, visitor), 400, "password-in-hibp-database")
    secret = {"x-hasura-admin-secret": ADMIN_SECRET}
    body = {"email": new_address(), "password": KNOWN}
    refused(await server.post("/admin/users", body, **secret), 400, "password-in-hibp-database")
    token = (await server.sign_up())["accessToken"]
    refused(await server.post("/user/password", {"newPassword": KNOWN}, token), 400, "password-in-hibp-database")


@pytest.mark.parametrize("status", [None, 404, 503])
async def test_a_service_that_does_not_answer_stops_nobody(
    serve: Serve, ranges: Ranges, caplog: pytest.LogCaptureFixture, status: int | None
) -> None:
    ranges.status = status or 200
    server = await serve(**_settings(ranges.url if status else f"http://127.0.0.1:{free_port()}"))
    with caplog.at_level(logging.WARNING):
        assert (await _sign_up(server, KNOWN)).status_code == 200
    said = [record.getMessage() for record in caplog.records if "known ones" in record.getMessage()]
    assert len(said) == 1
    assert KNOWN not in caplog.text
    assert _digest(KNOWN)[:5] not in caplog.text


async def test_it_is_off_by_default(serve: Serve, ranges: Ranges) -> None:
    server = await serve(AUTH_PASSWORD_HIBP_URL=ranges.url)
    assert (await _sign_up(server, KNOWN)).status_code == 200
    assert ranges.asked == []
