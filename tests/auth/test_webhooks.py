"""Webhook calls: signed, retried, and without anything that opens an account."""

from __future__ import annotations

import base64
import datetime
import hmac
from collections.abc import Iterator

import asyncpg
import pytest
from auth_kit import PASSWORD, AuthServer, new_address
from mail_kit import HttpStub, Serve, is_signed, until

from auth_engine.net.signing import signed_headers

KEY = b"a secret of twenty-four b"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@pytest.fixture
def stub() -> Iterator[HttpStub]:
    with HttpStub.open() as stub:
        yield stub


@pytest.fixture(autouse=True)
async def empty(sql: asyncpg.Connection) -> None:
    await sql.execute("delete from auth_engine.outbox")


async def hooked(serve: Serve, stub: HttpStub, **settings: str) -> AuthServer:
    return await serve(AUTH_WEBHOOK_URL=f"{stub.url}/hook", **{"AUTH_WEBHOOK_SECRET": SECRET, **settings})


async def test_signing_up_and_in_is_told(serve: Serve, stub: HttpStub, sql: asyncpg.Connection) -> None:
    server = await hooked(serve, stub)
    session = await server.sign_up(new_address())
    await until(lambda: len(stub.asked) == 2)
    await server.engine.kit.post.settle(2)
    assert {asked.path for asked in stub.asked} == {"/hook"}
    assert {asked.json["type"] for asked in stub.asked} == {"sign-up", "sign-in"}
    for asked in stub.asked:
        assert is_signed(asked, KEY)
        assert asked.headers["content-type"] == "application/json"
        assert set(asked.json) == {"id", "type", "createdAt", "data"}
        assert asked.json["id"] == asked.headers["webhook-id"]
        assert asked.json["data"]["userId"] == session["user"]["id"]
        assert session["refreshToken"] not in asked.body.decode()
        assert PASSWORD not in asked.body.decode()
    assert await sql.fetchval("select count(*) from auth_engine.outbox") == 0


async def test_only_a_2xx_is_success_and_every_try_is_the_same_event(
    serve: Serve, stub: HttpStub, sql: asyncpg.Connection
) -> None:
    server = await hooked(serve, stub)
    kit = server.engine.kit
    stub.answers += [(500, {}), (302, {}), (404, {})]
    async with kit.store.transaction() as stores:
        await kit.post.put_event(stores, "user-changed", "00000000-0000-0000-0000-000000000001", {"change": "x"})
    for tries in (1, 2, 3):
        await until(lambda tries=tries: len(stub.asked) == tries)
        await kit.post.settle(2)
        row = await sql.fetchrow("select tries, last_failure, expires_at - created_at as life from auth_engine.outbox")
        assert row["tries"] == tries
        assert row["life"].total_seconds() == 24 * 3600
        await sql.execute("update auth_engine.outbox set next_try_at = now()")
        await kit.post.work()
        await kit.post.settle(2)
    assert len(stub.asked) == 4
    assert len({asked.body for asked in stub.asked}) == 1
    assert len({asked.headers["webhook-id"] for asked in stub.asked}) == 1
    assert all(is_signed(asked, KEY) for asked in stub.asked)
    assert await sql.fetchval("select count(*) from auth_engine.outbox") == 0


async def test_an_event_that_is_rolled_back_never_happened(
    serve: Serve, stub: HttpStub, sql: asyncpg.Connection
) -> None:
    server = await hooked(serve, stub)
    address = new_address()
    await server.sign_up(address)
    await until(lambda: len(stub.asked) == 2)
    answer = await server.post("/signup/email-password", {"email": address, "password": PASSWORD})
    assert answer.status_code == 409
    await server.engine.kit.post.work()
    assert len(stub.asked) == 2


async def test_a_deletion_is_told_though_the_user_is_gone(
    serve: Serve, stub: HttpStub, sql: asyncpg.Connection
) -> None:
    server = await hooked(serve, stub)
    kit = server.engine.kit
    user_id = (await server.sign_up())["user"]["id"]
    async with kit.store.transaction() as stores:
        await kit.post.put_event(stores, "user-changed", user_id, {"change": "user-deleted"})
    await sql.execute("delete from auth.users where id = $1", user_id)
    await kit.post.work()
    await until(lambda: any(asked.json["data"].get("change") == "user-deleted" for asked in stub.asked))


async def test_without_an_address_nothing_is_queued(server: AuthServer, sql: asyncpg.Connection) -> None:
    await server.sign_up()
    kit = server.engine.kit
    async with kit.store.transaction() as stores:
        await kit.post.put_event(stores, "user-changed", "00000000-0000-0000-0000-000000000001", {})
    assert await sql.fetchval("select count(*) from auth_engine.outbox") == 0


async def test_without_a_secret_calls_are_not_signed_and_the_start_says_so(
    serve: Serve, stub: HttpStub, caplog: pytest.LogCaptureFixture
) -> None:
    server = await hooked(serve, stub, AUTH_WEBHOOK_SECRET="")
    assert "AUTH_WEBHOOK_SECRET" in caplog.text
    await server.sign_up()
    await until(lambda: len(stub.asked) == 2)
    assert "webhook-signature" not in stub.asked[0].headers


def test_secrets_are_base64_or_themselves() -> None:
    moment = datetime.datetime.fromtimestamp(1_614_265_330, datetime.UTC)
    # The example of the Standard Webhooks' own libraries.
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    plain = signed_headers("not base64", "id", moment, b"{}")["webhook-signature"]
    expected = base64.b64encode(hmac.digest(b"not base64", b"id.1614265330.{}", "sha256")).decode()
    assert plain == f"v1,{expected}"
