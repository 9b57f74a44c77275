"""Signing up and in with a password, renewing, and signing out."""

from __future__ import annotations

import asyncio

import asyncpg
from auth_kit import PASSWORD, AuthServer, new_address, refused


async def test_sign_up_read_renew_and_sign_out(server: AuthServer) -> None:
    address = new_address()
    session = await server.sign_up(address, metadata={"tier": 1})
    assert set(session) == {"accessToken", "accessTokenExpiresIn", "refreshToken", "refreshTokenId", "user"}
    user = (await server.get("/user", session["accessToken"])).json()
    assert user["email"] == address
    assert user["metadata"] == {"tier": 1}
    assert user["activeMfaType"] is None
    renewed = (await server.post("/token", {"refreshToken": session["refreshToken"]})).json()
    assert renewed["refreshTokenId"] == session["refreshTokenId"]
    assert renewed["refreshToken"] != session["refreshToken"]
    assert (await server.post("/signout", {"refreshToken": renewed["refreshToken"]})).json() == "OK"
    refused(await server.post("/token", {"refreshToken": renewed["refreshToken"]}), 401, "invalid-refresh-token")


async def test_a_wrong_password_and_an_unknown_address_answer_alike(server: AuthServer) -> None:
    address = new_address()
    await server.sign_up(address)
    wrong, unknown = await server.sign_in(address, "wrong password"), await server.sign_in(new_address())
    assert refused(wrong, 401, "invalid-email-password")
    assert wrong.text == unknown.text
    assert (await server.sign_in(address.upper())).json()["session"]["user"]["email"] == address


async def test_a_former_token_ends_its_session(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    first = session["refreshToken"]
    second = (await server.post("/token", {"refreshToken": first})).json()["refreshToken"]
    third = (await server.post("/token", {"refreshToken": second})).json()["refreshToken"]
    refused(await server.post("/token", {"refreshToken": first}), 401, "invalid-refresh-token")
    refused(await server.post("/token", {"refreshToken": third}), 401, "invalid-refresh-token")
    event = await sql.fetchval(
        "select event from auth_engine.audit where user_id = $1 order by id desc limit 1", session["user"]["id"]
    )
    assert event == "session-reuse"


async def test_parallel_tabs_get_the_same_successor(server: AuthServer) -> None:
    token = (await server.sign_up())["refreshToken"]
    tabs = [server.post("/token", {"refreshToken": token}, Origin="https://app.test") for _ in range(20)]
    answers = await asyncio.gather(*tabs)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refreshToken"] for answer in answers}) == 1
    refused(await server.post("/token", {"refreshToken": token}), 401, "invalid-refresh-token")
    successor = answers[0].json()["refreshToken"]
    assert (await server.post("/token", {"refreshToken": successor})).status_code == 200


async def test_a_null_where_a_field_may_be_left_out_is_refused(server: AuthServer) -> None:
    body = {"email": new_address(), "password": PASSWORD, "options": None}
    refused(await server.post("/signup/email-password", body), 400, "invalid-request")
