"""What attackers with the source tried: an endless head, and headers where no header belongs."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from auth_kit import PASSWORD, Mailbox, Serve, new_address, refused
from race_kit import Process, process_settings, until
from webauthn.helpers import encode_cbor

from auth_engine.core.clock import SystemClock
from auth_engine.factors.webauthn import NotGenuine, RelyingParty, check_use, encoded
from auth_engine.net.outside import Outside
from auth_engine.oauth.oidc import Discovery
from auth_engine.oauth.profile import ProviderFailed
from auth_engine.store.revoked import RevokedUsers

PIECE = b"a" * 65_536
PATIENCE = 20.0
PARTY = RelyingParty("app.test", "app", ("https://app.test",))


@pytest.fixture(scope="module")
def process(auth_database: str, smtp: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    settings = {**process_settings(smtp), "AUTH_TRUSTED_PROXIES": "127.0.0.0/8"}
    log: Path = tmp_path_factory.mktemp("red-team") / "log"
    process = Process(auth_database, log, settings)
    try:
        yield process
    finally:
        process.stop()


def connected(process: Process) -> socket.socket:
    parts = urlsplit(process.wait())
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PATIENCE)


def hung_up_on(connection: socket.socket, begin: bytes, piece: bytes, most: int) -> bool:
    """Whether the server ends a request that never gets anywhere before so many bytes of it have come."""
    sent = 0
    try:
        connection.sendall(begin)
        while sent < most:
            connection.sendall(piece)
            sent += len(piece)
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ", PIECE),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n" * 8_192),
        (b"GET /", PIECE),
        (b"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: b\r\n" * 8_192),
        (b"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ", PIECE),
        (b"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;", PIECE),
    ],
    ids=["value", "headers", "path", "trailers", "trailer", "chunk-extension"],
)
def test_endless_heads(process: Process, begin: bytes, piece: bytes) -> None:
    """None of it is ever used: kept, it would fill the memory."""
    with connected(process) as connection:
        assert hung_up_on(connection, begin, piece, 64 * 1_048_576)


async def test_trailers_are_no_headers(process: Process, sql: asyncpg.Connection) -> None:
    """A proxy writes over the headers of visitors, not over what follows the body."""
    address = new_address()
    body = json.dumps({"email": address, "password": PASSWORD}).encode()
    request = (
        b"POST /signup/email-password HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"X-Forwarded-For: 192.0.2.1\r\nTransfer-Encoding: chunked\r\nTrailer: X-Forwarded-For\r\n\r\n"
        b"%x\r\n%b\r\n0\r\nX-Forwarded-For: 203.0.113.66\r\n\r\n"
    ) % (len(body), body)
    with connected(process) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 200"), answer
    said = await sql.fetch(
        "select a.address from auth_engine.audit a join auth.users u on u.id = a.user_id where u.email = $1", address
    )
    assert {row["address"] for row in said} == {"192.0.2.1"}


async def test_a_deleted_users_tokens_count_no_more_whatever_the_clocks_say(
    auth_database: str, sql: asyncpg.Connection
) -> None:
    """The process that signs may be seconds ahead of the database: a token then seems to be of after the deletion."""
    user_id = await sql.fetchval("insert into auth.users (locale) values ('en') returning id::text")
    await sql.execute("delete from auth.users where id = $1::uuid", user_id)
    revoked = RevokedUsers(auth_database, 900)
    await revoked.start()
    try:
        assert revoked.since[user_id] > time.time() + 3_600
        # Whoever is imported again under the same id gets tokens that count.
        await sql.execute("insert into auth.users (id, locale) values ($1::uuid, 'en')", user_id)
        await until(lambda: revoked.since[user_id] <= time.time() + 1)
    finally:
        await revoked.stop()


async def test_an_issuer_that_fails_keeps_nobody_in_a_line() -> None:
    """Whoever waits while somebody asks it in vain is told at once, or strangers would make a line of minutes."""
    asked: list[str] = []

    async def fail(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        await asyncio.sleep(0.1)
        return httpx.Response(503)

    outside = Outside(transport=httpx.MockTransport(fail))
    source = Discovery("https://issuer.test", outside, SystemClock())
    try:
        answers = await asyncio.gather(*(source.metadata() for _ in range(20)), return_exceptions=True)
        assert all(isinstance(each, ProviderFailed) for each in answers)
        assert len(asked) == 1
        with pytest.raises(ProviderFailed):
            await source.metadata()
        assert len(asked) == 2, "whoever comes later asks anew"
    finally:
        await outside.close()


def bomb() -> bytes:
    """CBOR of a number with a million bits times ten: reading it takes seconds, and its square as long."""
    digits = b"\xff" * 131_072
    return b"\xc4\x82\x01\xc2\x5a" + len(digits).to_bytes(4, "big") + digits


def authenticator_data(flags: int, rest: bytes) -> bytes:
    return hashlib.sha256(PARTY.id.encode()).digest() + bytes([flags]) + bytes(4) + rest


def attestation(data: bytes) -> bytes:
    return encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})


def client_data(kind: str, challenge: str) -> str:
    said = {"type": kind, "challenge": challenge, "origin": PARTY.origins[0]}
    return encoded(json.dumps(said).encode())


@pytest.mark.parametrize(
    "bytes_of",
    [
        bomb,
        lambda: attestation(authenticator_data(0xC1, bytes(18) + bomb())),
        lambda: attestation(authenticator_data(0x81, bomb())),
    ],
    ids=["attestation", "key", "extensions"],
)
async def test_a_new_key_is_no_number_of_a_million_bits(serve: Serve, bytes_of: Callable[[], bytes]) -> None:
    """Nobody is served while it is read, and whoever sends it need not be anybody."""
    server = await serve(AUTH_WEBAUTHN_ENABLED="true")
    options = (await server.post("/signup/webauthn", {"email": new_address()})).json()
    response = {
        "clientDataJSON": client_data("webauthn.create", options["challenge"]),
        "attestationObject": encoded(bytes_of()),
    }
    credential = {"id": "eA", "rawId": "eA", "type": "public-key", "response": response}
    began = time.monotonic()
    assert refused(await server.post("/signup/webauthn/verify", {"credential": credential}), 400, "invalid-request")
    assert time.monotonic() - began < 0.7


def test_neither_is_what_a_known_key_says() -> None:
    response = {
        "clientDataJSON": client_data("webauthn.get", encoded(b"challenge")),
        "authenticatorData": encoded(authenticator_data(0x81, bomb())),
        "signature": "eA",
    }
    credential = {"id": "eA", "rawId": "eA", "type": "public-key", "response": response}
    began = time.monotonic()
    with pytest.raises(NotGenuine):
        check_use(credential, b"challenge", PARTY, b"", 0)
    assert time.monotonic() - began < 0.7
