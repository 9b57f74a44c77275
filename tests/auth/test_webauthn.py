"""Passkeys and security keys: signing up, signing in, adding and removing."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from auth_kit import AuthServer, Serve, link_of, new_address, refused, ticket_of
from authenticator_kit import UP, Authenticator, decoded, encoded
from cryptography.hazmat.primitives.asymmetric import ed25519

from auth_engine.core.errors import BadSetting

ON = {"AUTH_WEBAUTHN_ENABLED": "true"}


@pytest_asyncio.fixture
async def server(serve: Serve) -> AsyncIterator[AuthServer]:
    yield await serve(**ON)


async def signed_up(
    server: AuthServer, address: str | None = None, authenticator: Authenticator | None = None
) -> tuple[dict[str, Any], Authenticator]:
    authenticator = authenticator or Authenticator()
    options = (await server.post("/signup/webauthn", {"email": address or new_address()})).json()
    answer = await server.post("/signup/webauthn/verify", {"credential": authenticator.create(options)})
    assert answer.status_code == 200, answer.text
    return answer.json()["session"], authenticator


async def request_options(server: AuthServer, address: str | None = None) -> dict[str, Any]:
    answer = await server.post("/signin/webauthn", {} if address is None else {"email": address})
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()
    return options


async def arrived(server: AuthServer, address: str, count: int) -> None:
    """Wait for mails that leave in the background."""
    for _ in range(150):
        if len(server.mailbox.to(address)) >= count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(server.mailbox.to(address))} mails instead of {count}")


# ---------------------------------------------------------------- signing up


async def test_creation_options_are_those_of_the_contract(server: AuthServer) -> None:
    body = {"email": new_address(), "options": {"displayName": "Jane Doe"}}
    options = (await server.post("/signup/webauthn", body)).json()
    user_id, challenge = options["user"].pop("id"), options.pop("challenge")
    assert str(uuid.UUID(user_id)) == user_id
    assert len(decoded(challenge)) == 32
    assert encoded(decoded(challenge)) == challenge
    assert options == {
        "rp": {"name": "app.test", "id": "app.test"},
        "user": {"name": "Jane Doe", "displayName": "Jane Doe"},
        "pubKeyCredParams": [
            {"type": "public-key", "alg": number} for number in (-7, -35, -36, -257, -258, -259, -37, -38, -39, -8)
        ],
        "timeout": 60_000,
        "authenticatorSelection": {
            "requireResidentKey": False,
            "residentKey": "preferred",
            "userVerification": "preferred",
        },
        "attestation": "indirect",
    }


async def test_sign_up_stores_the_user_with_the_key(server: AuthServer, sql: asyncpg.Connection) -> None:
    address, authenticator = new_address(), Authenticator()
    body = {"email": address, "options": {"displayName": "Jane", "metadata": {"a": 1}, "allowedRoles": ["user"]}}
    options = (await server.post("/signup/webauthn", body)).json()
    assert await sql.fetchval("select count(*) from auth.users where email = $1", address) == 0
    credential = authenticator.create(options)
    body = {"credential": credential, "nickname": "my phone", "options": {"displayName": "Jane Doe"}}
    session = (await server.post("/signup/webauthn/verify", body)).json()["session"]
    user = session["user"]
    assert (user["id"], user["email"], user["displayName"]) == (options["user"]["id"], address, "Jane Doe")
    assert (user["metadata"], user["roles"]) == ({"a": 1}, ["user"])
    key = await sql.fetchrow("select * from auth.user_security_keys where user_id = $1", uuid.UUID(user["id"]))
    assert (key["credential_id"], key["nickname"], key["counter"]) == (credential["id"], "my phone", 0)
    assert (key["transports"], type(key["credential_public_key"])) == ("", bytes)
    row = await sql.fetchrow("select password_hash, email_verified from auth.users where email = $1", address)
    assert tuple(row) == (None, False)
    assert (await server.get("/user", session["accessToken"])).status_code == 200
    assert (await server.post("/token", {"refreshToken": session["refreshToken"]})).status_code == 200
    method = await sql.fetchval(
        "select method from auth_engine.sessions where id = $1", uuid.UUID(session["refreshTokenId"])
    )
    assert method == "webauthn"


async def test_sign_up_with_an_address_that_has_to_be_verified(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**ON, AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true")
    address, authenticator = new_address(), Authenticator()
    options = (await server.post("/signup/webauthn", {"email": address})).json()
    answer = await server.post("/signup/webauthn/verify", {"credential": authenticator.create(options)})
    assert (answer.status_code, answer.json()) == (200, {})
    mail = server.mailbox.last(address)
    assert mail["X-Email-Template"] == "email-verify"
    assert ticket_of(mail) in link_of(mail).replace("%3A", ":")
    refused(await server.post("/signin/webauthn", {"email": address}), 401, "unverified-user")
    answer = await server.post(
        "/signin/webauthn/verify", {"credential": authenticator.get(await request_options(server))}
    )
    refused(answer, 401, "unverified-user")
    await sql.execute("update auth.users set email_verified = true where email = $1", address)
    credential = authenticator.get(await request_options(server, address))
    assert (await server.post("/signin/webauthn/verify", {"credential": credential})).status_code == 200


async def test_a_taken_address_is_answered_like_a_free_one(serve: Serve, sql: asyncpg.Connection) -> None:
    """Where errors are concealed; its owner is told."""
    server = await serve(**ON, AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true", AUTH_CONCEAL_ERRORS="true")
    taken, authenticator = new_address(), Authenticator()
    for _ in range(2):
        options = (await server.post("/signup/webauthn", {"email": taken})).json()
        answer = await server.post("/signup/webauthn/verify", {"credential": authenticator.create(options)})
        assert (answer.status_code, answer.json()) == (200, {})
        authenticator = Authenticator()
    await arrived(server, taken, 2)
    assert {mail["X-Email-Template"] for mail in server.mailbox.to(taken)} == {"email-verify", "notice"}
    keys = "select count(*) from auth.user_security_keys k join auth.users u on u.id = k.user_id where u.email = $1"
    assert await sql.fetchval(keys, taken) == 1


async def test_who_we_are_has_to_be_known(serve: Serve) -> None:
    with pytest.raises(BadSetting, match="AUTH_WEBAUTHN_RP_ID"):
        await serve(**ON, AUTH_CLIENT_URL="")


async def test_sign_up_refuses(server: AuthServer, serve: Serve, sql: asyncpg.Connection) -> None:
    taken = (await server.sign_up())["user"]["email"]
    users = "select count(*) from auth.users"
    before = await sql.fetchval(users)
    options = (await server.post("/signup/webauthn", {"email": taken.upper()})).json()
    answer = await server.post("/signup/webauthn/verify", {"credential": Authenticator().create(options)})
    refused(answer, 409, "email-already-in-use")
    path, address = "/signup/webauthn", new_address()
    for wishes, code in (
        ({"redirectTo": "https://evil.test"}, "redirectTo-not-allowed"),
        ({"allowedRoles": ["admin"]}, "role-not-allowed"),
        ({"defaultRole": "me", "allowedRoles": ["user"]}, "default-role-must-be-in-allowed-roles"),
        ({"displayName": "<script>/"}, "invalid-request"),
    ):
        refused(await server.post(path, {"email": address, "options": wishes}), 400, code)
        options = (await server.post(path, {"email": address})).json()
        body = {"credential": Authenticator().create(options), "options": wishes}
        refused(await server.post("/signup/webauthn/verify", body), 400, code)
    refused(await server.post(path, {"email": "nobody"}), 400, "invalid-request")
    refused(await server.post(path, {}), 400, "invalid-request")
    assert await sql.fetchval(users) == before

    options = (await server.post(path, {"email": address})).json()
    body = {"credential": Authenticator().create(options)}
    off = await serve(AUTH_WEBAUTHN_ENABLED="false")
    refused(await off.post(path, {"email": address}), 409, "disabled-endpoint")
    refused(await off.post("/signup/webauthn/verify", body), 409, "disabled-endpoint")
    closed = await serve(**ON, AUTH_DISABLE_SIGNUP="true")
    refused(await closed.post(path, {"email": address}), 403, "signup-disabled")
    refused(await closed.post("/signup/webauthn/verify", body), 403, "signup-disabled")
    kept_out = await serve(**ON, AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS="example.test")
    refused(await kept_out.post(path, {"email": address}), 401, "invalid-email-password")
    assert await sql.fetchval(users) == before


async def test_new_users_may_be_stored_disabled(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**ON, AUTH_DISABLE_NEW_USERS="true")
    address = new_address()
    options = (await server.post("/signup/webauthn", {"email": address})).json()
    answer = await server.post("/signup/webauthn/verify", {"credential": Authenticator().create(options)})
    refused(answer, 401, "disabled-user")
    assert await sql.fetchval("select disabled from auth.users where email = $1", address)
    assert server.mailbox.to(address) == []


async def test_a_key_belongs_to_one_account(server: AuthServer, sql: asyncpg.Connection) -> None:
    _, authenticator = await signed_up(server)
    address = new_address()
    options = (await server.post("/signup/webauthn", {"email": address})).json()
    answer = await server.post("/signup/webauthn/verify", {"credential": authenticator.create(options)})
    refused(answer, 400, "invalid-request")
    assert await sql.fetchval("select count(*) from auth.users where email = $1", address) == 0


# ---------------------------------------------------------------- signing in


async def test_request_options_are_those_of_the_contract(server: AuthServer) -> None:
    session, authenticator = await signed_up(server)
    options = await request_options(server, session["user"]["email"])
    options.pop("challenge")
    assert options == {
        "timeout": 60_000,
        "rpId": "app.test",
        "userVerification": "preferred",
        "allowCredentials": [{"type": "public-key", "id": encoded(authenticator.credential_id)}],
    }
    assert set(await request_options(server)) == {"challenge", "timeout", "rpId", "userVerification"}
    assert (await server.client.post("/signin/webauthn")).status_code == 200


@pytest.mark.parametrize("form", ["base64url", "text", "none"])
async def test_signing_in_with_an_address(server: AuthServer, form: str) -> None:
    """Clients read `user.id` in either of two ways; old keys tell nothing of their user."""
    session, authenticator = await signed_up(server)
    user_id = session["user"]["id"]
    authenticator.user_handle = {"base64url": encoded(user_id.encode()), "text": user_id, "none": None}[form]
    options = await request_options(server, session["user"]["email"])
    body = {"credential": authenticator.get(options), "email": "ignored@example.test"}
    answer = await server.post("/signin/webauthn/verify", body)
    assert set(answer.json()) == {"session"}
    assert answer.json()["session"]["user"]["id"] == user_id


@pytest.mark.parametrize("form", ["base64url", "text"])
async def test_a_passkey_needs_no_address(server: AuthServer, form: str) -> None:
    session, authenticator = await signed_up(server)
    user_id = session["user"]["id"]
    authenticator.user_handle = encoded(user_id.encode()) if form == "base64url" else user_id
    answer = await server.post(
        "/signin/webauthn/verify", {"credential": authenticator.get(await request_options(server))}
    )
    assert answer.json()["session"]["user"]["id"] == user_id


async def test_other_keys_and_authenticators(server: AuthServer) -> None:
    """Ed25519; one that never counts; one that only saw somebody's touch."""
    for authenticator in (
        Authenticator(key=ed25519.Ed25519PrivateKey.generate()),
        Authenticator(step=0),
        Authenticator(flags=UP),
    ):
        await signed_up(server, authenticator=authenticator)
        for _ in range(2):
            credential = authenticator.get(await request_options(server))
            assert (await server.post("/signin/webauthn/verify", {"credential": credential})).status_code == 200


async def test_a_key_of_hasura_auth_works(server: AuthServer, sql: asyncpg.Connection) -> None:
    """Its rows have no row of ours beside them, and their counter never moved."""
    session, authenticator = await signed_up(server)
    await sql.execute(
        "delete from auth_engine.security_keys s using auth.user_security_keys k where s.id = k.id and k.user_id = $1",
        uuid.UUID(session["user"]["id"]),
    )
    authenticator.counter = 41
    credential = authenticator.get(await request_options(server, session["user"]["email"]))
    assert (await server.post("/signin/webauthn/verify", {"credential": credential})).status_code == 200
    keys = (await server.get("/user/security-keys", session["accessToken"])).json()
    assert set(keys[0]) == {"id", "isPasskey", "lastUsedAt"}
    counter = await sql.fetchval(
        "select counter from auth.user_security_keys where user_id = $1", uuid.UUID(session["user"]["id"])
    )
    assert counter == 42


async def test_signing_in_refuses(server: AuthServer, serve: Serve, sql: asyncpg.Connection) -> None:
    refused(await server.post("/signin/webauthn", {"email": new_address()}), 401, "invalid-email-password")
    no_key = await server.sign_up()
    refused(await server.post("/signin/webauthn", {"email": no_key["user"]["email"]}), 400, "invalid-request")
    refused(await server.post("/signin/webauthn", {"email": None}), 400, "invalid-request")
    refused(await server.post("/signin/webauthn/verify", {}), 400, "invalid-request")
    session, authenticator = await signed_up(server)
    address, user_id = session["user"]["email"], uuid.UUID(session["user"]["id"])
    for column, status, code in (("disabled", 401, "disabled-user"), ("is_anonymous", 403, "forbidden-anonymous")):
        await sql.execute(f"update auth.users set {column} = true where id = $1", user_id)
        refused(await server.post("/signin/webauthn", {"email": address}), status, code)
        credential = authenticator.get(await request_options(server))
        refused(await server.post("/signin/webauthn/verify", {"credential": credential}), status, code)
        await sql.execute(f"update auth.users set {column} = false where id = $1", user_id)
    off = await serve(AUTH_WEBAUTHN_ENABLED="false")
    refused(await off.post("/signin/webauthn", {}), 409, "disabled-endpoint")
    refused(await off.post("/signin/webauthn/verify", {"credential": credential}), 409, "disabled-endpoint")
    kept_out = await serve(**ON, AUTH_ACCESS_CONTROL_ALLOWED_EMAILS="boss@example.test")
    refused(await kept_out.post("/signin/webauthn", {"email": address}), 401, "invalid-email-password")


async def test_a_passkey_is_not_asked_for_a_totp_code(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, authenticator = await signed_up(server)
    await sql.execute(
        "update auth.users set active_mfa_type = 'totp', totp_secret = 'ABC' where id = $1",
        uuid.UUID(session["user"]["id"]),
    )
    credential = authenticator.get(await request_options(server))
    assert set((await server.post("/signin/webauthn/verify", {"credential": credential})).json()) == {"session"}


# ---------------------------------------------------------------- more keys


async def test_adding_listing_and_removing(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up(displayName="Jane")
    token, user_id = session["accessToken"], session["user"]["id"]
    assert (await server.get("/user/security-keys", token)).json() == []
    first, second = Authenticator(), Authenticator(counter=7)
    options = (await server.post("/user/webauthn/add", None, token)).json()
    assert options["user"] == {"id": user_id, "name": "Jane", "displayName": "Jane"}
    assert "excludeCredentials" not in options
    added = (
        await server.post("/user/webauthn/verify", {"credential": first.create(options), "nickname": "one"}, token)
    ).json()
    assert set(added) == {"id", "nickname"}
    options = (await server.post("/user/webauthn/add", None, token)).json()
    assert options["excludeCredentials"] == [{"type": "public-key", "id": encoded(first.credential_id)}]
    other = (await server.post("/user/webauthn/verify", {"credential": second.create(options)}, token)).json()
    assert set(other) == {"id"}
    keys = (await server.get("/user/security-keys", token)).json()
    assert [key["id"] for key in keys] == [added["id"], other["id"]]
    assert [set(key) for key in keys] == [
        {"id", "nickname", "isPasskey", "createdAt"},
        {"id", "isPasskey", "createdAt"},
    ]
    assert (await server.post("/user/security-keys/remove", {"id": added["id"]}, token)).json() == "OK"
    assert [key["id"] for key in (await server.get("/user/security-keys", token)).json()] == [other["id"]]
    answer = await server.post("/signin/webauthn/verify", {"credential": first.get(await request_options(server))})
    refused(answer, 400, "invalid-request")
    events = await sql.fetch(
        "select event, detail from auth_engine.audit where user_id = $1 order by id", uuid.UUID(user_id)
    )
    assert [row["event"] for row in events][-3:] == ["security-key-added"] * 2 + ["security-key-removed"]
    await arrived(server, session["user"]["email"], 3)
    assert [mail["X-Email-Template"] for mail in server.mailbox.to(session["user"]["email"])] == ["notice"] * 3


async def test_adding_refuses(server: AuthServer, serve: Serve, sql: asyncpg.Connection) -> None:
    session, other = await server.sign_up(), await server.sign_up()
    token, path = session["accessToken"], "/user/webauthn/verify"
    options = (await server.post("/user/webauthn/add", None, token)).json()
    credential = Authenticator().create(options)
    refused(await server.post(path, {"credential": credential}, other["accessToken"]), 400, "invalid-request")
    refused(await server.post(path, {"credential": credential}, token), 400, "invalid-request")
    refused(await server.post(path, {"credential": credential}), 400, "invalid-request")
    refused(await server.post("/user/webauthn/add"), 400, "invalid-request")
    refused(await server.post(path, {}, token), 400, "invalid-request")
    _, known = await signed_up(server)
    options = (await server.post("/user/webauthn/add", None, token)).json()
    refused(await server.post(path, {"credential": known.create(options)}, token), 400, "invalid-request")
    off = await serve(AUTH_WEBAUTHN_ENABLED="false")
    refused(await off.post("/user/webauthn/add", None, token), 409, "disabled-endpoint")
    refused(await off.post(path, {"credential": credential}, token), 409, "disabled-endpoint")
    assert (
        await sql.fetchval(
            "select count(*) from auth.user_security_keys where user_id = $1", uuid.UUID(session["user"]["id"])
        )
        == 0
    )


async def test_the_last_way_in_is_not_removed(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, _ = await signed_up(server)
    token, user_id, path = session["accessToken"], uuid.UUID(session["user"]["id"]), "/user/security-keys/remove"
    stranger = await server.sign_up()
    key = (await server.get("/user/security-keys", token)).json()[0]
    refused(await server.post(path, {"id": key["id"]}, stranger["accessToken"]), 400, "invalid-request")
    refused(await server.post(path, {"id": str(uuid.uuid4())}, token), 400, "invalid-request")
    refused(await server.post(path, {"id": "x"}, token), 400, "invalid-request")
    refused(await server.post(path, {"id": key["id"]}), 400, "invalid-request")
    await sql.execute("update auth.users set phone_number = '+41790000001' where id = $1", user_id)
    refused(await server.post(path, {"id": key["id"]}, token), 409, "last-sign-in-method")
    options = (await server.post("/user/webauthn/add", None, token)).json()
    body = {"credential": Authenticator().create(options)}
    other = (await server.post("/user/webauthn/verify", body, token)).json()
    both = (server.post(path, {"id": identity}, token) for identity in (key["id"], other["id"]))
    answers = [answer.status_code for answer in await asyncio.gather(*both)]
    assert sorted(answers) == [200, 409]
    assert await sql.fetchval("select count(*) from auth.user_security_keys where user_id = $1", user_id) == 1
