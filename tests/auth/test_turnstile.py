"""AUTH_TURNSTILE_SECRET: nobody signs up without a solved captcha."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import asyncpg
import pytest
from auth_kit import PASSWORD, AuthServer, Serve, free_port, new_address, refused

HEADER = "X-Cf-Turnstile-Response"
SECRET = "the secret of the tests"


@dataclass
class Turnstile:
    """Stands for Cloudflare: `solved` is right, `broken` gives no JSON, all else is refused."""

    url: str
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def verdict(self, form: dict[str, list[str]]) -> tuple[int, bytes]:
        self.asked.append(form)
        response = form["response"][0]
        if response == "broken":
            return 502, b"<html>"
        is_right = response == "solved" and form["secret"] == [SECRET]
        return 200, json.dumps({"success": is_right, "error-codes": []}).encode()


@pytest.fixture(scope="module")
def cloudflare() -> Iterator[Turnstile]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"])).decode()
            status, body = turnstile.verdict(parse_qs(raw))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        turnstile = Turnstile(f"http://127.0.0.1:{listener.server_port}/siteverify")
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        yield turnstile
        listener.shutdown()
        thread.join()


@pytest.fixture
async def guarded(serve: Serve, cloudflare: Turnstile) -> AuthServer:
    cloudflare.asked.clear()
    return await serve(AUTH_TURNSTILE_SECRET=SECRET, AUTH_TURNSTILE_URL=cloudflare.url)


async def test_a_solved_captcha_lets_in(guarded: AuthServer, cloudflare: Turnstile) -> None:
    body = {"email": new_address(), "password": PASSWORD}
    answer = await guarded.post("/signup/email-password", body, **{HEADER: "solved"})
    assert answer.status_code == 200
    assert cloudflare.asked == [{"secret": [SECRET], "response": ["solved"]}]


@pytest.mark.parametrize(
    ("solution", "is_asked"),
    [(None, False), ("", False), ("wrong", True), ("broken", True), ("x" * 2_049, False)],
)
async def test_without_one_nobody_signs_up(
    guarded: AuthServer, cloudflare: Turnstile, sql: asyncpg.Connection, solution: str | None, is_asked: bool
) -> None:
    address = new_address()
    headers = {} if solution is None else {HEADER: solution}
    answer = await guarded.post("/signup/email-password", {"email": address, "password": PASSWORD}, **headers)
    assert refused(answer, 403, "invalid-captcha")
    assert bool(cloudflare.asked) is is_asked
    assert await sql.fetchval("select count(*) from auth.users where email::text = $1", address) == 0


async def test_an_unreachable_turnstile_lets_nobody_in(serve: Serve) -> None:
    server = await serve(AUTH_TURNSTILE_SECRET=SECRET, AUTH_TURNSTILE_URL=f"http://127.0.0.1:{free_port()}")
    body = {"email": new_address(), "password": PASSWORD}
    refused(await server.post("/signup/email-password", body, **{HEADER: "solved"}), 403, "invalid-captcha")


async def test_signing_in_wants_none(guarded: AuthServer, cloudflare: Turnstile) -> None:
    refused(await guarded.sign_in(new_address()), 401, "invalid-email-password")
    assert not cloudflare.asked


async def test_the_second_step_of_a_passkey_s_sign_up_wants_none(guarded: AuthServer, cloudflare: Turnstile) -> None:
    answer = await guarded.post("/signup/webauthn/verify", {})
    assert answer.status_code != 403
    assert not cloudflare.asked


async def test_the_solution_stays_out_of_the_log(guarded: AuthServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", "auth_engine"):
        await guarded.post("/signup/email-password", {}, **{HEADER: "a-secret-solution"})
    assert "a-secret-solution" not in caplog.text
    assert SECRET not in caplog.text
