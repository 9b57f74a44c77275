"""Elevation: by another factor than the one that opened the session, the strongest there is."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import jwt
import pyotp
import pytest
import pytest_asyncio
from auth_kit import JWT_KEY, AuthServer, Serve, new_address, refused, ticket_of
from authenticator_kit import Authenticator, enrolled, ticket_for, upcoming, wrong

ON = {"AUTH_MFA_ENABLED": "true", "AUTH_WEBAUTHN_ENABLED": "true"}


@pytest_asyncio.fixture
async def server(serve: Serve) -> AsyncIterator[AuthServer]:
    yield await serve(**ON)


def elevated(answer: Any) -> bool:
    """Whether the access token of a session says so, and for whom it should."""
    claims = jwt.decode(answer["accessToken"], JWT_KEY, algorithms=["HS256"])
    hasura = claims["https://hasura.io/jwt/claims"]
    assert hasura.get("x-hasura-auth-elevated") in (None, claims["sub"])
    return "x-hasura-auth-elevated" in hasura


async def with_key(server: AuthServer, session: dict[str, Any]) -> Authenticator:
    """Give the user a security key."""
    authenticator, token = Authenticator(), session["accessToken"]
    options = (await server.post("/user/webauthn/add", None, token)).json()
    answer = await server.post("/user/webauthn/verify", {"credential": authenticator.create(options)}, token)
    assert answer.status_code == 200, answer.text
    return authenticator


async def by_key(server: AuthServer, authenticator: Authenticator, token: str) -> dict[str, Any]:
    options = await server.post("/elevate/webauthn", None, token)
    assert options.status_code == 200, options.text
    answer = await server.post("/elevate/webauthn/verify", {"credential": authenticator.get(options.json())}, token)
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()["session"]
    return session


async def code_to(server: AuthServer, session: dict[str, Any]) -> str:
    """Ask for a code by mail."""
    assert (await server.post("/elevate/otp/email", None, session["accessToken"])).json() == "OK"
    return ticket_of(server.mailbox.last(session["user"]["email"]))


async def opened_by(sql: asyncpg.Connection, session: dict[str, Any], method: str) -> None:
    await sql.execute(
        "update auth_engine.sessions set method = $2 where id = $1", uuid.UUID(session["refreshTokenId"]), method
    )


# ---------------------------------------------------------------- by key


async def test_a_key_elevates_and_a_renewal_does_not(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    authenticator = await with_key(server, session)
    higher = await by_key(server, authenticator, session["accessToken"])
    assert not elevated(session)
    assert elevated(higher)
    assert higher["refreshTokenId"] != session["refreshTokenId"]
    renewed = (await server.post("/token", {"refreshToken": higher["refreshToken"]})).json()
    assert not elevated(renewed)
    assert (await server.post("/token", {"refreshToken": session["refreshToken"]})).status_code == 200
    events = await sql.fetch(
        "select event, detail from auth_engine.audit where user_id = $1 order by id", uuid.UUID(session["user"]["id"])
    )
    assert (events[-1]["event"], events[-1]["detail"]) == ("elevated", '{"factor": "key"}')


async def test_the_key_that_opened_a_session_does_not_elevate_it(server: AuthServer) -> None:
    session = await server.sign_up()
    authenticator = await with_key(server, session)
    options = (await server.post("/signin/webauthn", {"email": session["user"]["email"]})).json()
    own = (await server.post("/signin/webauthn/verify", {"credential": authenticator.get(options)})).json()["session"]
    refused(await server.post("/elevate/webauthn", None, own["accessToken"]), 400, "invalid-request")
    # The strongest other one does; and what came of it is still said to be opened by the key.
    code = await code_to(server, own)
    answer = await server.post("/elevate/otp/email/verify", {"otp": code}, own["accessToken"])
    higher = answer.json()["session"]
    assert elevated(higher)
    renewed = (await server.post("/token", {"refreshToken": higher["refreshToken"]})).json()
    refused(await server.post("/elevate/webauthn", None, renewed["accessToken"]), 400, "invalid-request")


async def test_elevating_by_key_refuses(server: AuthServer, serve: Serve, sql: asyncpg.Connection) -> None:
    session, other = await server.sign_up(), await server.sign_up()
    token = session["accessToken"]
    refused(await server.post("/elevate/webauthn", None, token), 400, "invalid-request")
    authenticator = await with_key(server, session)
    strange = await with_key(server, other)
    options = (await server.post("/elevate/webauthn", None, token)).json()
    assert [each["id"] for each in options["allowCredentials"]] == [authenticator.get(options)["id"]]
    path, count = "/elevate/webauthn/verify", "select count(*) from auth.refresh_tokens where user_id = $1"
    # Another user's key; another user's token; the challenge of a sign-in.
    refused(await server.post(path, {"credential": strange.get(options)}, token), 400, "invalid-request")
    options = (await server.post("/elevate/webauthn", None, token)).json()
    answer = await server.post(path, {"credential": authenticator.get(options)}, other["accessToken"])
    refused(answer, 400, "invalid-request")
    refused(await server.post(path, {"credential": authenticator.get(options)}, token), 400, "invalid-request")
    options = (await server.post("/signin/webauthn", {"email": session["user"]["email"]})).json()
    refused(await server.post(path, {"credential": authenticator.get(options)}, token), 400, "invalid-request")
    assert await sql.fetchval(count, uuid.UUID(session["user"]["id"])) == 1
    off = await serve(AUTH_WEBAUTHN_ENABLED="false")
    refused(await off.post("/elevate/webauthn", None, token), 409, "disabled-endpoint")
    refused(await off.post(path, {"credential": authenticator.get(options)}, token), 409, "disabled-endpoint")
    refused(await server.post("/elevate/webauthn"), 400, "invalid-request")


async def test_a_session_that_was_ended_is_not_elevated(server: AuthServer) -> None:
    session = await server.sign_up()
    await with_key(server, session)
    await server.post("/signout", {"refreshToken": session["refreshToken"]})
    refused(await server.post("/elevate/webauthn", None, session["accessToken"]), 400, "invalid-request")


async def test_a_token_of_hasura_auth_is_elevated_by_its_key(server: AuthServer) -> None:
    """Such tokens do not say which session they belong to."""
    session = await server.sign_up()
    authenticator = await with_key(server, session)
    claims = jwt.decode(session["accessToken"], JWT_KEY, algorithms=["HS256"])
    token = jwt.encode({name: value for name, value in claims.items() if name not in ("sid", "jti")}, JWT_KEY)
    assert elevated(await by_key(server, authenticator, token))


# ---------------------------------------------------------------- by TOTP


async def test_a_new_totp_code_elevates_and_a_used_one_does_not(server: AuthServer) -> None:
    session, secret = await enrolled(server)
    code = pyotp.TOTP(secret).now()
    body = {"ticket": await ticket_for(server, session), "otp": code}
    token = (await server.post("/signin/mfa/totp", body)).json()["session"]["accessToken"]
    refused(await server.post("/elevate/totp", {"code": code}, token), 401, "invalid-totp")
    answer = await server.post("/elevate/totp", {"code": upcoming(secret)}, token)
    assert elevated(answer.json()["session"])
    refused(await server.post("/elevate/totp", {"code": upcoming(secret)}, token), 401, "invalid-totp")


async def test_elevating_by_totp_refuses(server: AuthServer, sql: asyncpg.Connection) -> None:
    plain = await server.sign_up()
    refused(await server.post("/elevate/totp", {"code": "000000"}, plain["accessToken"]), 401, "disabled-mfa-totp")
    session, secret = await enrolled(server)
    token = session["accessToken"]
    refused(await server.post("/elevate/totp", {"code": wrong(secret)}, token), 401, "invalid-totp")
    refused(await server.post("/elevate/totp", {}, token), 400, "invalid-request")
    refused(await server.post("/elevate/totp", {"code": "000000"}), 400, "invalid-request")
    await with_key(server, session)
    answer = await server.post("/elevate/totp", {"code": pyotp.TOTP(secret).now()}, token)
    refused(answer, 400, "invalid-request")
    assert (
        await sql.fetchval(
            "select count(*) from auth.refresh_tokens where user_id = $1", uuid.UUID(session["user"]["id"])
        )
        == 1
    )


async def test_a_passkeys_session_is_elevated_by_totp(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, secret = await enrolled(server)
    await with_key(server, session)
    await opened_by(sql, session, "webauthn")
    refused(await server.post("/elevate/otp/email", None, session["accessToken"]), 400, "invalid-request")
    answer = await server.post("/elevate/totp", {"code": pyotp.TOTP(secret).now()}, session["accessToken"])
    assert elevated(answer.json()["session"])


async def test_guesses_at_elevation_are_counted_together(serve: Serve) -> None:
    """Fifty guesses at once over two processes: five are compared."""
    servers = [await serve(**ON, AUTH_RATE_LIMIT_ENABLE="false") for _ in range(2)]
    session, secret = await enrolled(servers[0])
    guess, token = {"code": wrong(secret)}, session["accessToken"]
    answers = await asyncio.gather(*(servers[number % 2].post("/elevate/totp", guess, token) for number in range(50)))
    told = [answer.json()["error"] for answer in answers]
    # Ten where the period changed meanwhile.
    assert told.count("invalid-totp") in (5, 10)
    assert set(told) == {"invalid-totp", "too-many-requests"}


# ---------------------------------------------------------------- by mail


async def test_a_mailed_code_elevates_once(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    token = session["accessToken"]
    code = await code_to(server, session)
    mail = server.mailbox.last(session["user"]["email"])
    assert mail["X-Email-Template"] == "elevate-otp"
    assert len(code) == 6
    stored = await sql.fetchval(
        "select code_hash from auth_engine.codes where user_id = $1", uuid.UUID(session["user"]["id"])
    )
    assert code not in stored
    answer = await server.post("/elevate/otp/email/verify", {"otp": code}, token)
    assert elevated(answer.json()["session"])
    refused(await server.post("/elevate/otp/email/verify", {"otp": code}, token), 401, "invalid-ticket")


@pytest.mark.parametrize(
    "method", ["magic-link", "email-otp", "verify-email", "password-reset", "email-change", "unknown"]
)
async def test_the_mailbox_that_opened_a_session_does_not_elevate_it(
    server: AuthServer, sql: asyncpg.Connection, method: str
) -> None:
    session = await server.sign_up()
    code = await code_to(server, session)
    server.mailbox.clear()
    await opened_by(sql, session, method)
    token = session["accessToken"]
    refused(await server.post("/elevate/otp/email", None, token), 400, "invalid-request")
    assert server.mailbox.to(session["user"]["email"]) == []
    refused(await server.post("/elevate/otp/email/verify", {"otp": code}, token), 400, "invalid-request")


async def test_the_first_factor_is_remembered_through_the_second(serve: Serve, sql: asyncpg.Connection) -> None:
    """A session by mailed code and TOTP is not elevated by mail."""
    server = await serve(**ON, AUTH_OTP_EMAIL_ENABLED="true")
    session, secret = await enrolled(server)
    address = session["user"]["email"]
    await server.post("/signin/otp/email", {"email": address})
    body = {"email": address, "otp": ticket_of(server.mailbox.last(address))}
    ticket = (await server.post("/signin/otp/email/verify", body)).json()["mfa"]["ticket"]
    body = {"ticket": ticket, "otp": pyotp.TOTP(secret).now()}
    session = (await server.post("/signin/mfa/totp", body)).json()["session"]
    method = "select method from auth_engine.sessions where id = $1"
    assert await sql.fetchval(method, uuid.UUID(session["refreshTokenId"])) == "email-otp"
    await sql.execute("update auth.users set active_mfa_type = null where email = $1", address)
    refused(await server.post("/elevate/otp/email", None, session["accessToken"]), 400, "invalid-request")


async def test_five_wrong_codes_end_the_mailed_one(server: AuthServer) -> None:
    session = await server.sign_up()
    token, path = session["accessToken"], "/elevate/otp/email/verify"
    refused(await server.post(path, {"otp": "123456"}, token), 401, "invalid-ticket")
    code = await code_to(server, session)
    other = "000000" if code != "000000" else "000001"
    await asyncio.gather(*(server.post(path, {"otp": other}, token) for _ in range(5)))
    refused(await server.post(path, {"otp": code}, token), 401, "invalid-ticket")
    code = await code_to(server, session)
    assert (await server.post(path, {"otp": code}, token)).status_code == 200


async def test_a_mailed_code_is_for_the_session_that_asked(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    thief = (await server.sign_in(session["user"]["email"])).json()["session"]
    code = await code_to(server, session)
    path = "/elevate/otp/email/verify"
    refused(await server.post(path, {"otp": code}, thief["accessToken"]), 401, "invalid-ticket")
    other = await server.sign_up()
    refused(await server.post(path, {"otp": code}, other["accessToken"]), 401, "invalid-ticket")
    await sql.execute(
        "update auth_engine.codes set expires_at = now() where user_id = $1", uuid.UUID(session["user"]["id"])
    )
    refused(await server.post(path, {"otp": code}, session["accessToken"]), 401, "invalid-ticket")


async def test_fifty_at_once_and_one_is_elevated(serve: Serve, sql: asyncpg.Connection) -> None:
    servers = [await serve(**ON, AUTH_RATE_LIMIT_CODE_TRIES="60") for _ in range(2)]
    session = await servers[0].sign_up()
    body, token = {"otp": await code_to(servers[0], session)}, session["accessToken"]
    answers = await asyncio.gather(
        *(servers[number % 2].post("/elevate/otp/email/verify", body, token) for number in range(50))
    )
    assert sum(answer.status_code == 200 for answer in answers) == 1
    assert (
        await sql.fetchval(
            "select count(*) from auth.refresh_tokens where user_id = $1", uuid.UUID(session["user"]["id"])
        )
        == 2
    )


async def test_without_an_address_nothing_is_mailed(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    await sql.execute("update auth.users set email = null where id = $1", uuid.UUID(session["user"]["id"]))
    token = session["accessToken"]
    refused(await server.post("/elevate/otp/email", None, token), 400, "invalid-request")
    refused(await server.post("/elevate/otp/email/verify", {"otp": "1"}, token), 400, "invalid-request")


@pytest.mark.parametrize(
    ("column", "status", "code"), [("disabled", 401, "disabled-user"), ("is_anonymous", 403, "forbidden-anonymous")]
)
async def test_who_may_not_come_is_not_elevated(
    server: AuthServer, sql: asyncpg.Connection, column: str, status: int, code: str
) -> None:
    session = await server.sign_up()
    await with_key(server, session)
    token = session["accessToken"]
    await sql.execute(f"update auth.users set {column} = true where id = $1", uuid.UUID(session["user"]["id"]))
    for path, body in (
        ("/elevate/webauthn", None),
        ("/elevate/otp/email", None),
        ("/elevate/otp/email/verify", {"otp": "000000"}),
        ("/user/webauthn/add", None),
        ("/user/security-keys/remove", {"id": str(uuid.uuid4())}),
    ):
        refused(await server.post(path, body, token), status, code)


# ---------------------------------------------------------------- when it is asked for


async def test_recommended_asks_who_has_a_key(serve: Serve) -> None:
    server = await serve(**ON, AUTH_REQUIRE_ELEVATED_CLAIM="recommended")
    session = await server.sign_up()
    token = session["accessToken"]
    authenticator = await with_key(server, session)
    for path in ("/user/webauthn/add", "/user/mfa", "/user/security-keys/remove", "/user/mfa/recovery-codes"):
        body = {"code": "000000"} if path == "/user/mfa" else {"id": str(uuid.uuid4())}
        refused(await server.post(path, body, token), 400, "invalid-request")
    higher = (await by_key(server, authenticator, token))["accessToken"]
    assert (await server.post("/user/webauthn/add", None, higher)).status_code == 200
    refused(await server.post("/user/mfa", {"code": "000000"}, higher), 401, "disabled-mfa-totp")


async def test_recommended_and_totp_alone(serve: Serve) -> None:
    """As Hasura Auth its routes; ours ask whoever enrolled a factor."""
    server = await serve(**ON, AUTH_REQUIRE_ELEVATED_CLAIM="recommended")
    plain = await server.sign_up()
    refused(await server.post("/user/mfa/recovery-codes", None, plain["accessToken"]), 401, "disabled-mfa-totp")
    session, secret = await enrolled(server)
    token = session["accessToken"]
    assert (await server.post("/user/webauthn/add", None, token)).status_code == 200
    refused(await server.post("/user/mfa/recovery-codes", None, token), 400, "invalid-request")
    answer = await server.post("/elevate/totp", {"code": pyotp.TOTP(secret).now()}, token)
    higher = answer.json()["session"]["accessToken"]
    assert (await server.post("/user/mfa/recovery-codes", None, higher)).status_code == 200


async def test_required_asks_everybody_but_for_the_first_key(serve: Serve) -> None:
    server = await serve(**ON, AUTH_REQUIRE_ELEVATED_CLAIM="required")
    session = await server.sign_up()
    token = session["accessToken"]
    refused(await server.post("/user/mfa", {"code": "000000", "activeMfaType": "totp"}, token), 400, "invalid-request")
    code = await code_to(server, session)
    answer = await server.post("/elevate/otp/email/verify", {"otp": code}, token)
    higher = answer.json()["session"]["accessToken"]
    body = {"code": "000000", "activeMfaType": "totp"}
    refused(await server.post("/user/mfa", body, higher), 400, "no-totp-secret")
    await with_key(server, session)
    refused(await server.post("/user/webauthn/add", None, token), 400, "invalid-request")
    assert (await server.post("/user/webauthn/add", None, higher)).status_code == 200


async def test_disabled_never_asks(server: AuthServer) -> None:
    session = await server.sign_up()
    await with_key(server, session)
    assert (await server.post("/user/webauthn/add", None, session["accessToken"])).status_code == 200


async def test_another_users_elevated_claim_elevates_nobody(serve: Serve) -> None:
    server = await serve(**ON, AUTH_REQUIRE_ELEVATED_CLAIM="recommended")
    session = await server.sign_up(new_address())
    await with_key(server, session)
    claims = jwt.decode(session["accessToken"], JWT_KEY, algorithms=["HS256"])
    claims["https://hasura.io/jwt/claims"]["x-hasura-auth-elevated"] = str(uuid.uuid4())
    token = jwt.encode(claims, JWT_KEY)
    refused(await server.post("/user/webauthn/add", None, token), 400, "invalid-request")
