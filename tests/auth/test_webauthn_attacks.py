"""What thieves try with keys (features A19), races over two processes, and many challenges at once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from auth_kit import AuthServer, Serve, new_address, refused
from authenticator_kit import UV, Authenticator, encoded, tampered
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from test_webauthn import ON, request_options, signed_up

from auth_engine.factors.webauthn import (
    NotGenuine,
    RelyingParty,
    challenge_named,
    check_new_key,
    check_use,
    decoded,
    origin_of,
    user_of_handle,
)

Attack = Callable[[Authenticator, Mapping[str, Any]], dict[str, Any]]
VERIFY = "/signin/webauthn/verify"


@pytest_asyncio.fixture
async def server(serve: Serve) -> AsyncIterator[AuthServer]:
    yield await serve(**ON)


async def sessions(sql: asyncpg.Connection, session: dict[str, Any]) -> int:
    count: int = await sql.fetchval(
        "select count(*) from auth.refresh_tokens where user_id = $1", uuid.UUID(session["user"]["id"])
    )
    return count


def changed(**fields: Any) -> Attack:
    """The answer of an authenticator that differs in this."""
    return lambda honest, options: replace(honest, **fields).get(options)


def without_padding_in_mind(honest: Authenticator, options: Mapping[str, Any]) -> dict[str, Any]:
    credential = honest.get(options)
    return {**credential, "id": credential["id"] + "="}


ATTACKS: Mapping[str, Attack] = {
    "wrong origin": changed(origin="https://app.test.evil.test"),
    "origin without tls": changed(origin="http://app.test"),
    "origin of another port": changed(origin="https://app.test:444"),
    "wrong rp id": changed(rp_id="evil.test"),
    "nobody present": changed(flags=UV),
    "another key": changed(key=ec.generate_private_key(ec.SECP256R1())),
    "another credential": changed(credential_id=b"x" * 32),
    "another user's handle": changed(user_handle=encoded(str(uuid.uuid4()).encode())),
    "a handle that is none": changed(user_handle="nobody"),
    "no handle": changed(user_handle=None),
    "counter stands still": lambda honest, options: replace(honest, step=0).get(options),
    "counter goes back": lambda honest, options: replace(honest, counter=0, step=1).get(options),
    "counter of nought": lambda honest, options: replace(honest, counter=0, step=0).get(options),
    "tampered signature": lambda honest, options: tampered(honest.get(options), "signature"),
    "tampered data": lambda honest, options: tampered(honest.get(options), "authenticatorData"),
    "creation in place of use": lambda honest, options: honest.get(options, type="webauthn.create"),
    "a challenge of its own": lambda honest, options: honest.get(options, challenge=encoded(b"c" * 32)),
    "another challenge's text": lambda honest, options: honest.get(options, challenge=options["challenge"][:-1]),
    "identity spelled twice": without_padding_in_mind,
    "another type": lambda honest, options: {**honest.get(options), "type": "password"},
    "another raw id": lambda honest, options: {**honest.get(options), "rawId": encoded(b"y" * 32)},
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_signing_in_is_refused(server: AuthServer, sql: asyncpg.Connection, name: str) -> None:
    session, honest = await signed_up(server)
    for _ in range(2):
        credential = honest.get(await request_options(server))
        assert (await server.post(VERIFY, {"credential": credential})).status_code == 200
    before = await sessions(sql, session)
    stored = "select counter from auth.user_security_keys where user_id = $1"
    counter = await sql.fetchval(stored, uuid.UUID(session["user"]["id"]))
    assert counter == 2
    options = await request_options(server)
    refused(await server.post(VERIFY, {"credential": ATTACKS[name](honest, options)}), 400, "invalid-request")
    assert await sessions(sql, session) == before
    assert await sql.fetchval(stored, uuid.UUID(session["user"]["id"])) == counter


async def test_a_challenge_is_gone_after_its_first_answer(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, honest = await signed_up(server)
    options = await request_options(server)
    bad, good = tampered(honest.get(options), "signature"), honest.get(options)
    refused(await server.post(VERIFY, {"credential": bad}), 400, "invalid-request")
    refused(await server.post(VERIFY, {"credential": good}), 400, "invalid-request")
    options = await request_options(server)
    good = honest.get(options)
    assert (await server.post(VERIFY, {"credential": good})).status_code == 200
    refused(await server.post(VERIFY, {"credential": good}), 400, "invalid-request")
    assert await sessions(sql, session) == 2


async def test_a_challenge_is_for_its_user_purpose_and_time(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, honest = await signed_up(server)
    victim, _ = await signed_up(server)
    token = session["accessToken"]
    # Of the victim's sign-in, answered with the thief's key.
    options = await request_options(server, victim["user"]["email"])
    refused(await server.post(VERIFY, {"credential": honest.get(options)}), 400, "invalid-request")
    # Of another purpose.
    options = (await server.post("/user/webauthn/add", None, token)).json()
    refused(await server.post(VERIFY, {"credential": honest.get(options)}), 400, "invalid-request")
    sign_up = (await server.post("/signup/webauthn", {"email": new_address()})).json()
    body = {"credential": Authenticator().create(sign_up)}
    refused(await server.post("/user/webauthn/verify", body, token), 400, "invalid-request")
    # Too late.
    options = await request_options(server)
    await sql.execute("update auth_engine.challenges set expires_at = now()")
    refused(await server.post(VERIFY, {"credential": honest.get(options)}), 400, "invalid-request")


async def test_a_copied_key_is_found_out(server: AuthServer) -> None:
    """Both halves count on from the same number: the second to come is refused."""
    _, honest = await signed_up(server)
    copy = replace(honest)
    assert (await server.post(VERIFY, {"credential": honest.get(await request_options(server))})).status_code == 200
    refused(await server.post(VERIFY, {"credential": copy.get(await request_options(server))}), 400, "invalid-request")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"origin": "https://evil.test"}, {}),
        ({"rp_id": "evil.test"}, {}),
        ({"flags": UV}, {}),
        ({}, {"type": "webauthn.get"}),
        ({}, {"challenge": encoded(b"c" * 32)}),
    ],
)
async def test_making_a_key_is_refused(
    server: AuthServer, sql: asyncpg.Connection, fields: dict[str, Any], said: dict[str, Any]
) -> None:
    address = new_address()
    options = (await server.post("/signup/webauthn", {"email": address})).json()
    body = {"credential": Authenticator(**fields).create(options, **said)}
    refused(await server.post("/signup/webauthn/verify", body), 400, "invalid-request")
    assert await sql.fetchval("select count(*) from auth.users where email = $1", address) == 0


async def test_bodies_out_of_the_schema_are_refused(server: AuthServer) -> None:
    _, honest = await signed_up(server)
    credential = honest.get(await request_options(server))
    response = credential["response"]
    for bad in (
        {**credential, "more": 1},
        {**credential, "rawId": None},
        {**credential, "rawId": "not/base64url+"},
        {**credential, "response": {**response, "more": 1}},
        {**credential, "response": {**response, "signature": None}},
        {**credential, "response": {**response, "signature": "é"}},
        {**credential, "response": {**response, "clientDataJSON": encoded(b"[1]")}},
        {**credential, "response": {**response, "clientDataJSON": encoded(b"\xff")}},
        {**credential, "response": {**response, "clientDataJSON": encoded(b"[" * 100_000)}},
        {**credential, "response": {**response, "userHandle": 1}},
        {name: value for name, value in credential.items() if name != "type"},
    ):
        refused(await server.post(VERIFY, {"credential": bad}), 400, "invalid-request")
    assert (await server.post(VERIFY, {"credential": credential})).status_code == 200


async def test_other_origins_by_setting(serve: Serve) -> None:
    server = await serve(
        **ON,
        AUTH_WEBAUTHN_RP_ID="test",
        AUTH_WEBAUTHN_RP_NAME="The app",
        AUTH_WEBAUTHN_RP_ORIGINS="https://other.test/,android:apk-key-hash:abc",
        AUTH_WEBAUTHN_ATTESTATION_TIMEOUT="90000",
        AUTH_CLIENT_URL="https://app.test:443/start",
    )
    options = (await server.post("/signup/webauthn", {"email": new_address()})).json()
    assert (options["rp"], options["timeout"]) == ({"name": "The app", "id": "test"}, 90_000)
    for origin in ("https://other.test", "android:apk-key-hash:abc", "https://app.test"):
        await signed_up(server, authenticator=Authenticator(rp_id="test", origin=origin))


# ---------------------------------------------------------------- races


async def test_fifty_answers_to_one_challenge(serve: Serve, sql: asyncpg.Connection) -> None:
    """Two engines over one database."""
    servers = (await serve(**ON), await serve(**ON))
    session, honest = await signed_up(servers[0])
    body = {"credential": honest.get(await request_options(servers[0]))}
    answers = await asyncio.gather(*(servers[number % 2].post(VERIFY, body) for number in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert await sessions(sql, session) == 2


async def test_fifty_answers_with_one_counter(serve: Serve, sql: asyncpg.Connection) -> None:
    """Each to a challenge of its own, by copies of one key."""
    servers = (await serve(**ON), await serve(**ON))
    session, honest = await signed_up(servers[0])
    options = [await request_options(servers[0]) for _ in range(20)]
    bodies = [{"credential": replace(honest).get(each)} for each in options]
    answers = await asyncio.gather(*(servers[number % 2].post(VERIFY, body) for number, body in enumerate(bodies)))
    assert sum(answer.status_code == 200 for answer in answers) == 1
    assert await sessions(sql, session) == 2


async def test_fifty_sign_ups_with_one_challenge(serve: Serve, sql: asyncpg.Connection) -> None:
    servers = (await serve(**ON), await serve(**ON))
    address = new_address()
    options = (await servers[0].post("/signup/webauthn", {"email": address})).json()
    body = {"credential": Authenticator().create(options)}
    path = "/signup/webauthn/verify"
    answers = await asyncio.gather(*(servers[number % 2].post(path, body) for number in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert await sql.fetchval("select count(*) from auth.users where email = $1", address) == 1


async def test_a_challenge_survives_a_restart_and_2400_others(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**ON)
    session, honest = await signed_up(server)
    first = await request_options(server, session["user"]["email"])
    answers = await asyncio.gather(*(request_options(server) for _ in range(200)))
    await sql.execute(
        "insert into auth_engine.challenges (digest, purpose, expires_at) "
        "select 'other ' || number, 'sign-in', now() + interval '1 minute' from generate_series(1, 2200) number"
    )
    assert await sql.fetchval("select count(*) from auth_engine.challenges where expires_at > now()") >= 2_400
    await server.engine.close()
    server = await serve(**ON)
    for options in (first, answers[0]):
        assert (await server.post(VERIFY, {"credential": honest.get(options)})).status_code == 200


# ---------------------------------------------------------------- what is read of strangers' bytes


PARTY = RelyingParty("app.test", "app.test", ("https://app.test",))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=200), st.text(max_size=50))
def test_garbage_is_never_genuine_and_never_breaks(one: bytes, two: bytes, text: str) -> None:
    frame = {"id": encoded(one), "rawId": encoded(one), "type": "public-key"}
    made = {"clientDataJSON": encoded(two), "attestationObject": encoded(one)}
    used = {"clientDataJSON": encoded(two), "authenticatorData": encoded(one), "signature": encoded(two)}
    with pytest.raises(NotGenuine):
        check_new_key({**frame, "response": made}, one, PARTY)
    with pytest.raises(NotGenuine):
        check_use({**frame, "response": used}, one, PARTY, two, 0)
    challenge_named(text)
    decoded(text)
    assert user_of_handle(text) is None


def test_handles_and_origins() -> None:
    identity = str(uuid.uuid4())
    for handle in (identity, identity.upper(), encoded(identity.encode()), encoded(identity.encode()) + "="):
        assert user_of_handle(handle) == identity
    for other in (
        uuid.UUID(identity).hex,
        encoded(uuid.UUID(identity).bytes),
        f"{{{identity}}}",
        f"urn:uuid:{identity}",
    ):
        assert user_of_handle(other) is None
    assert origin_of("https://App.test:443/start?x=1") == "https://app.test"
    assert origin_of("http://localhost:3000") == "http://localhost:3000"
    assert origin_of("") == ""
