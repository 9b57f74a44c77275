"""What an access token can still do when its session has ended: read until it expires, but make no lasting way in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from auth_kit import PASSWORD, AuthServer, Serve, new_address, refused

from auth_engine.factors.passwords import Passwords
from auth_engine.http.edge import Edge

LASTING: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/pat", {"expiresAt": "2099-01-01T00:00:00Z"}),
    ("POST", "/user/password", {"newPassword": "another passphrase"}),
    ("POST", "/user/email/change", {"newEmail": "stolen@example.test"}),
    ("POST", "/user/webauthn/add", {}),
    ("GET", "/mfa/totp/generate", {}),
    ("POST", "/user/mfa", {"code": "000000", "activeMfaType": "totp"}),
    ("POST", "/user/mfa/recovery-codes", {}),
    ("POST", "/user/phone-number/change", {"phoneNumber": "+15550001111"}),
    ("POST", "/user/phone-number/verify", {"otp": "000000"}),
    ("POST", "/user/providers/unlink", {"provider": "github"}),
    ("POST", "/user/security-keys/remove", {"id": "00000000-0000-4000-8000-000000000000"}),
    ("POST", "/user/delete", {}),
]
ON = {
    "AUTH_MFA_ENABLED": "true",
    "AUTH_WEBAUTHN_ENABLED": "true",
    "AUTH_SMS_PASSWORDLESS_ENABLED": "true",
    "AUTH_SMS_PROVIDER": "dev",
}


@pytest.mark.parametrize(("method", "path", "body"), LASTING, ids=[path for _, path, _ in LASTING])
async def test_no_lasting_way_in(serve: Serve, sql: asyncpg.Connection, method: str, path: str, body: Any) -> None:
    server = await serve(**ON)
    session = await server.sign_up()
    token, user_id = session["accessToken"], session["user"]["id"]
    await server.post("/signout", {"refreshToken": session["refreshToken"]})
    before = await sql.fetchrow("select * from auth.users where id = $1", user_id)
    answer = await (server.get(path, token) if method == "GET" else server.post(path, body or None, token))
    refused(answer, 400, "invalid-request")
    assert await sql.fetchrow("select * from auth.users where id = $1", user_id) == before
    assert await sql.fetchval("select count(*) from auth.refresh_tokens where user_id = $1", user_id) == 0
    assert (await server.get("/user", token)).status_code == 200


class SlowPasswords(Passwords):
    """Lets something happen between the check of a password and what follows."""

    def __init__(self) -> None:
        super().__init__(1, 10)
        self.checked, self.go_on = asyncio.Event(), asyncio.Event()

    async def matches(self, password: str, stored: str | None) -> bool:
        answer = await super().matches(password, stored)
        self.checked.set()
        await self.go_on.wait()
        return answer


@pytest.mark.parametrize("factor", [None, "totp"])
async def test_a_password_that_changes_during_its_check_opens_nothing(
    server: AuthServer, sql: asyncpg.Connection, factor: str | None
) -> None:
    address = new_address()
    user_id = (await server.sign_up(address))["user"]["id"]
    await sql.execute("update auth.users set active_mfa_type = $2 where id = $1", user_id, factor)
    await sql.execute("delete from auth.refresh_tokens where user_id = $1", user_id)
    slow = SlowPasswords()
    server.client._transport.app = Edge(replace(server.engine.kit, passwords=slow))  # type: ignore[attr-defined]
    try:
        sign_in = asyncio.create_task(server.sign_in(address, PASSWORD))
        await slow.checked.wait()
        await sql.execute("update auth.users set password_hash = null where id = $1", user_id)
        slow.go_on.set()
        refused(await sign_in, 401, "invalid-email-password")
    finally:
        slow.close()
    assert await sql.fetchval("select ticket from auth.users where id = $1", user_id) is None
    assert await sql.fetchval("select count(*) from auth.refresh_tokens where user_id = $1", user_id) == 0
