"""Details of the contract about mails, codes and numbers that no other file looks at: races with a changed address or
number, mail bombs, a mail server that hangs, and who else asks for the development's mails."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import jwt
import pytest
from auth_kit import (
    JWT_KEY,
    PASSWORD,
    AuthServer,
    Serve,
    free_port,
    new_address,
    query_of,
    refused,
    ticket_of,
)
from mailed_kit import (
    BROWSER,
    VERIFIED,
    RecordingSms,
    delivered,
    open_link,
    path_of,
    picture,
    post_form,
    went_to,
    with_ports,
    with_sms,
)

from auth_engine.store.revoked import RevokedUsers

MAGIC_LINK, OTP, RESET = "/signin/passwordless/email", "/signin/otp/email", "/user/password/reset"
VERIFY_AGAIN, CHANGE = "/user/email/send-verification-email", "/user/email/change"
MAILS = {"AUTH_EMAIL_PASSWORDLESS_ENABLED": "true", "AUTH_OTP_EMAIL_ENABLED": "true"}
_NUMBERS = itertools.count(time.time_ns() % 10_000_000)

Hook = Callable[[], Awaitable[object]]


def new_number() -> str:
    return f"+33613{next(_NUMBERS):08}"


# ---------------------------------------------------------------- an address that changes


@pytest.mark.parametrize(
    ("change", "is_over"),
    [
        ("email = $2", True),
        ("email = null", True),
        ("email = upper(email::text)", False),
        ("email_verified = true", False),
        ("email = $2, ticket = 'passwordlessEmail:' || repeat('0', 64)", False),
    ],
)
async def test_whoever_writes_another_address_ends_what_the_old_one_was_mailed(
    serve: Serve, sql: asyncpg.Connection, change: str, is_over: bool
) -> None:
    server, address = await serve(**MAILS), new_address()
    user_id = (await server.sign_up(address))["user"]["id"]
    await server.post(MAGIC_LINK, {"email": address})
    await delivered(server, address)
    await sql.execute(
        "insert into auth_engine.codes values ($1, 'elevation', 'x', null, now() + interval '1 hour')", user_id
    )
    new = [new_address()] if "$2" in change else []
    await sql.execute(f"update auth.users set {change} where id = $1", user_id, *new)
    ticket, alive, codes = await sql.fetchrow(
        "select ticket, ticket_expires_at > now(), (select count(*) from auth_engine.codes where user_id = $1)"
        " from auth.users where id = $1",
        user_id,
    )
    assert (ticket is None, alive, codes == 0) == (is_over, not is_over, "email =" in change and "upper" not in change)
    if is_over:
        assert went_to(await server.get(path_of(server.mailbox.last(address)["X-Link"])))["error"] == "invalid-ticket"


class Meanwhile:
    """The limits, but somebody does something while they are asked."""

    def __init__(self, limits: Any, hook: Hook) -> None:
        self._limits = limits
        self._hook = hook

    async def may_mail(self, recipient: str) -> bool:
        await self._hook()
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._limits, name)


@pytest.mark.parametrize("path", [MAGIC_LINK, OTP, RESET, VERIFY_AGAIN])
async def test_a_ticket_never_goes_to_an_address_that_was_just_given_up(
    serve: Serve, sql: asyncpg.Connection, path: str
) -> None:
    server, old, new = await serve(**MAILS), new_address(), new_address()
    user_id = (await server.sign_up(old))["user"]["id"]

    async def move() -> None:
        await sql.execute("update auth.users set email = $2 where id = $1", user_id, new)

    racing = with_ports(server, limits=Meanwhile(server.engine.kit.limits, move))
    async with racing.client:
        assert (await racing.post(path, {"email": old})).text == '"OK"'
    assert (await picture(sql, new))["ticket"] is None
    assert server.mailbox.to(old) == []
    assert await sql.fetchval("select count(*) from auth_engine.outbox where user_id = $1", user_id) == 0


# ---------------------------------------------------------------- a number that changes


async def test_a_code_never_opens_an_account_whose_number_just_changed(serve: Serve, sql: asyncpg.Connection) -> None:
    old, new = new_number(), new_number()
    user_id = await sql.fetchval(
        "insert into auth.users (locale, phone_number, phone_number_verified) values ('en', $1, true) returning id", old
    )

    class Slow(RecordingSms):
        async def send_code(self, number: str, code: str, locale: str) -> None:
            await super().send_code(number, code, locale)
            await sql.execute("update auth.users set phone_number = $2 where id = $1", user_id, new)

    sms = Slow()
    phones = with_sms(await serve(), sms)
    async with phones.client:
        assert (await phones.post("/signin/passwordless/sms", {"phoneNumber": old})).text == '"OK"'
        for number in (old, new):
            body = {"phoneNumber": number, "otp": sms.code_to(old)}
            refused(await phones.post("/signin/passwordless/sms/otp", body), 400, "invalid-request")
    assert await sql.fetchval("select otp_hash from auth.users where id = $1", user_id) is None


async def test_a_code_proves_no_number_but_the_one_it_was_sent_to(serve: Serve, sql: asyncpg.Connection) -> None:
    """Rules may let users write their own number, as the example's do."""
    own, another = new_number(), new_number()
    sms = RecordingSms()
    phones = with_sms(await serve(), sms)
    async with phones.client:
        await phones.post("/signin/passwordless/sms", {"phoneNumber": own})
        body = {"phoneNumber": own, "otp": sms.code_to(own)}
        assert (await phones.post("/signin/passwordless/sms/otp", body)).status_code == 200
        await phones.post("/signin/passwordless/sms", {"phoneNumber": own})
        await sql.execute("update auth.users set phone_number = $2 where phone_number = $1", own, another)
        body = {"phoneNumber": another, "otp": sms.code_to(own)}
        refused(await phones.post("/signin/passwordless/sms/otp", body), 400, "invalid-request")
    row = await sql.fetchrow(
        "select phone_number_verified, otp_hash, otp_hash_expires_at <= now() from auth.users where phone_number = $1",
        another,
    )
    assert tuple(row) == (False, None, True)
    # Whoever writes both, number and code, is taken at their word.
    await sql.execute(
        "update auth.users set phone_number = $2, otp_hash = 'x', otp_hash_expires_at = now() + interval '1 hour'"
        " where phone_number = $1",
        another,
        own,
    )
    assert await sql.fetchval("select otp_hash from auth.users where phone_number = $1", own) == "x"


async def test_whoever_proves_a_number_that_was_only_claimed_is_alone_in_the_account(
    serve: Serve, sql: asyncpg.Connection
) -> None:
    """Somebody writes a stranger's number into their account, keeps a session, and waits for the stranger to come."""
    own, strangers = new_number(), new_number()
    sms = RecordingSms()
    phones = with_sms(await serve(), sms)
    async with phones.client:

        async def sign_in(number: str) -> dict[str, Any]:
            await phones.post("/signin/passwordless/sms", {"phoneNumber": number})
            body = {"phoneNumber": number, "otp": sms.code_to(number)}
            session: dict[str, Any] = (await phones.post("/signin/passwordless/sms/otp", body)).json()["session"]
            return session

        first = await sign_in(own)
        await phones.post("/pat", {"expiresAt": "2099-01-01T00:00:00Z"}, first["accessToken"])
        second = await sign_in(own)
        assert (await phones.post("/token", {"refreshToken": first["refreshToken"]})).status_code == 200
        await sql.execute("update auth.users set phone_number = $2 where phone_number = $1", own, strangers)
        third = await sign_in(strangers)
        assert third["user"]["id"] == first["user"]["id"]
        refused(await phones.post("/token", {"refreshToken": second["refreshToken"]}), 401, "invalid-refresh-token")
    left = await sql.fetch("select id::text from auth.refresh_tokens where user_id = $1", third["user"]["id"])
    assert [row["id"] for row in left] == [third["refreshTokenId"]]


async def test_two_who_prove_one_number_at_the_same_moment(serve: Serve, sql: asyncpg.Connection) -> None:
    sms, number = RecordingSms(), new_number()
    phones = with_sms(await serve(), sms)
    async with phones.client:
        tokens = [(await phones.sign_up())["accessToken"] for _ in range(2)]
        codes = []
        for token in tokens:
            await phones.post("/user/phone-number/change", {"phoneNumber": number}, token)
            codes.append(sms.code_to(number))
        answers = await asyncio.gather(
            *(
                phones.post("/user/phone-number/verify", {"otp": code}, token)
                for token, code in zip(tokens, codes, strict=True)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert await sql.fetchval("select count(*) from auth.users where phone_number = $1", number) == 1


# ---------------------------------------------------------------- mail bombs


async def test_every_door_together_sends_a_recipient_ten_mails_and_ten_notices(
    serve: Serve, sql: asyncpg.Connection
) -> None:
    server, victim = (
        await serve(**MAILS, AUTH_ANONYMOUS_USERS_ENABLED="true", AUTH_CONCEAL_ERRORS="true"),
        new_address(),
    )
    strict = await serve(**MAILS, **VERIFIED, AUTH_CONCEAL_ERRORS="true")
    token = (await server.sign_up(victim))["accessToken"]
    other = (await server.sign_up())["accessToken"]
    for spelling in (victim, victim.upper(), victim.title()):
        for path in (MAGIC_LINK, OTP, RESET, VERIFY_AGAIN):
            assert (await server.client.post(path, json={"email": spelling})).text == '"OK"'
        await strict.client.post("/signup/email-password", json={"email": spelling, "password": PASSWORD})
        await server.client.post(CHANGE, json={"newEmail": spelling}, headers={"Authorization": f"Bearer {other}"})
    # Where addresses need no proof, an account may be in a stranger's name: its notices are a bomb too.
    body = {"expiresAt": "2099-01-01T00:00:00Z"}
    for _ in range(14):
        assert (
            await server.client.post("/pat", json=body, headers={"Authorization": f"Bearer {token}"})
        ).status_code == 200
    for each in (server, strict):
        await each.engine.kit.post.settle(3)
    templates = [str(mail["X-Email-Template"]) for mail in server.mailbox.to(victim)]
    assert templates.count("notice") <= 10
    assert 0 < len(templates) - templates.count("notice") <= 10
    assert await sql.fetchval("select count(*) from auth_engine.outbox") == 0


async def test_mails_that_strangers_ask_for_keep_no_notice_from_the_owner(serve: Serve) -> None:
    server, address = await serve(**MAILS), new_address()
    token = (await server.sign_up(address))["accessToken"]
    for _ in range(12):
        await server.client.post(MAGIC_LINK, json={"email": address})
    await server.engine.kit.post.settle(3)
    server.mailbox.clear()
    assert (await server.post("/user/password", {"newPassword": "another one!"}, token)).text == '"OK"'
    await server.engine.kit.post.settle(3)
    assert [mail["X-Email-Template"] for mail in server.mailbox.to(address)] == ["notice"]


# ---------------------------------------------------------------- a mail server that hangs


@asynccontextmanager
async def hanging_server() -> AsyncIterator[int]:
    """Takes connections and says nothing."""
    silent: list[asyncio.StreamWriter] = []

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silent.append(writer)

    port = free_port()
    server = await asyncio.start_server(take, "127.0.0.1", port)
    try:
        yield port
    finally:
        for writer in silent:
            writer.close()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("path", [MAGIC_LINK, OTP, RESET, VERIFY_AGAIN, "/signup/email-password"])
async def test_a_mail_server_that_hangs_tells_nothing(serve: Serve, sql: asyncpg.Connection, path: str) -> None:
    async with hanging_server() as port:
        server = await serve(
            **{**MAILS, **VERIFIED, "AUTH_CONCEAL_ERRORS": "true"},
            AUTH_SMTP_PORT=str(port),
            AUTH_SMTP_TIMEOUT="2s",
            AUTH_EMAIL_ANSWER_WINDOW="250",
        )
        states = {name: new_address() for name in ("free", "verified", "unverified", "disabled")}
        for name, address in states.items():
            if name != "free":
                await sql.execute(
                    "insert into auth.users (locale, email, email_verified, disabled) values ('en', $1, $2, $3)",
                    address,
                    name != "unverified",
                    name == "disabled",
                )

        async def ask(address: str) -> tuple[int, str]:
            body = {"email": address} | ({"password": PASSWORD} if "signup" in path else {})
            began = time.monotonic()
            answer = await server.client.post(path, json=body)
            took = time.monotonic() - began
            # At the end of the window, or of a later one where the machine is busy.
            assert took >= 0.25
            assert took % 0.25 < 0.15
            return answer.status_code, answer.text

        assert len(set(await asyncio.gather(*map(ask, states.values())))) == 1
        # What was promised waits for the server to come to itself.
        assert await sql.fetchval("select count(*) from auth_engine.outbox") > 0
        await sql.execute("delete from auth_engine.outbox")


# ---------------------------------------------------------------- links


async def test_a_link_that_a_scanner_opened_in_every_way_still_works(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(**MAILS), new_address()
    await server.post(MAGIC_LINK, {"email": address})
    before = await picture(sql, address)
    for headers in (BROWSER, {"Accept": "text/html"}, {"Sec-Purpose": "prefetch"}, {**BROWSER, "Purpose": "preview"}):
        page = await open_link(server, address, **headers)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert (page.headers["referrer-policy"], "set-cookie" in page.headers) == ("no-referrer", False)
        policy = page.headers["content-security-policy"]
        assert "form-action" not in policy
        assert "default-src 'none'" in policy
        assert 'action="verify"' in page.text
    link = path_of(server.mailbox.last(address)["X-Link"])
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
        await server.client.request(method, link)
    assert await picture(sql, address) == before
    form = {"ticket": ticket_of(server.mailbox.last(address)), "redirectTo": "https://app.test", "more": "ignored"}
    assert "refreshToken" in went_to(await post_form(server, form), 303)


async def test_unknown_arguments_of_a_link_are_ignored_and_what_stands_in_its_target_is_kept(
    serve: Serve,
) -> None:
    server, address = await serve(**MAILS), new_address()
    target = "https://app.test/in?z=1&a=%C3%A9&type=mine#/part?x=1"
    await server.post(MAGIC_LINK, {"email": address, "options": {"redirectTo": target}})
    await delivered(server, address)
    link = path_of(server.mailbox.last(address)["X-Link"])
    assert link.index("redirectTo=") < link.index("ticket=") < link.index("type=")
    answer = await server.get(f"{link}&utm_source=mail&ticket=second&type=emailVerify")
    assert answer.status_code == 302
    location = answer.headers["location"]
    assert location.endswith("#/part?x=1")
    assert list(query_of(location)) == ["a", "refreshToken", "type", "z"]
    assert query_of(location)["type"] == "passwordlessEmail"


# ---------------------------------------------------------------- the mail box of development


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.test@localhost"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "203.0.113.7"},
        {"X-Forwarded-Host": "evil.test"},
        {"X-Forwarded-Proto": "https"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
async def test_a_page_or_proxy_reads_no_mails(serve: Serve, headers: dict[str, str]) -> None:
    server = await serve(AUTH_DEV_MAIL_BOX="true", AUTH_SMTP_HOST="")
    transport = httpx.ASGITransport(server.engine.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:4000") as visitor:
        assert (await visitor.get("/dev/mail")).status_code == 200
        refused(await visitor.get("/dev/mail", headers=headers), 404, "not-found")
        # Following a link from another site is no way for that site to read anything.
        went = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        assert (await visitor.get("/dev/mail", headers=went)).status_code == 200


# ---------------------------------------------------------------- claims and revocation


async def test_claims_that_would_be_somebody_else_are_left_out(serve: Serve) -> None:
    claims = '{"X-Hasura-User-Id": "metadata.id", "Default-Role": "metadata.role", "x-hasura-auth-Elevated": "id"}'
    server = await serve(AUTH_JWT_CUSTOM_CLAIMS=claims)
    session = await server.sign_up(metadata={"id": "somebody", "role": "admin"})
    said = jwt.decode(session["accessToken"], JWT_KEY, algorithms=["HS256"], options={"verify_iat": False})
    found = said["https://hasura.io/jwt/claims"]
    assert found["x-hasura-user-id"] == session["user"]["id"]
    assert [name for name in found if name != name.lower()] == []
    assert "x-hasura-auth-elevated" not in found


async def test_a_disabled_user_stays_refused_however_long_a_token_lives(
    auth_database: str, server: AuthServer, sql: asyncpg.Connection
) -> None:
    user_id = (await server.sign_up())["user"]["id"]
    await sql.execute("update auth.users set disabled = true where id = $1", user_id)
    await sql.execute(
        "update auth_engine.disablings set disabled_at = now() - interval '1 day' where user_id = $1", user_id
    )
    revoked = RevokedUsers(auth_database, 900)
    await revoked.start()
    await revoked.stop()
    assert revoked.since[user_id] == float("inf")


@pytest.mark.parametrize("target", ["my-app://", "my-app:///in", "my-app://in/here?a=1#x"])
async def test_an_app_s_own_scheme_is_gone_to_as_it_was_written(serve: Serve, target: str) -> None:
    server = await serve(**MAILS, AUTH_ACCESS_CONTROL_ALLOWED_REDIRECT_URLS="my-app://")
    address = new_address()
    await server.post(MAGIC_LINK, {"email": address, "options": {"redirectTo": target}})
    location = (await open_link(server, address)).headers["location"]
    bare = target.partition("?")[0]
    assert location.startswith(f"{bare}?")
    assert query_of(location)["type"] == "passwordlessEmail"


async def test_behind_a_prefix_health_says_what_hasura_auth_says(serve: Serve) -> None:
    server = await serve(AUTH_API_PREFIX="/v1")
    assert (await server.get("/healthz")).json() == {"status": "ok"}
    assert (await server.get("/v1/healthz")).json() == "OK"
    assert (await server.client.head("/healthz")).status_code == 200


# ---------------------------------------------------------------- what the log never says


async def test_a_row_that_the_database_refuses_stands_in_no_log(
    serve: Serve, fresh_auth_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Operators add constraints of their own, and Postgres tells the whole row that breaks one."""
    server, address = await serve(fresh_auth_database, AUTH_DEBUG="true"), new_address()
    admin = await asyncpg.connect(fresh_auth_database)
    await admin.execute("alter table auth.users add constraint no_bob check (display_name <> 'Bob')")
    await admin.close()
    caplog.set_level("DEBUG")
    body = {"email": address, "password": PASSWORD, "options": {"displayName": "Bob"}}
    refused(await server.client.post("/signup/email-password", json=body), 500, "internal-server-error")
    said = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records) + caplog.text
    assert "no_bob" in said
    assert "argon2" not in said
    assert address not in said
    assert PASSWORD not in said
