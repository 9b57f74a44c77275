"""Keys under an address: a real server on this machine publishes them, changes them, and fails."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
import tokens
from edge_kit import SECRET
from tokens import token

from gql_gen.errors import Unauthorized
from gql_gen.http.caller import CallerResolver
from gql_gen.http.keys import parse_key_set
from gql_gen.http.remote_keys import RemoteKeys, refresh_after
from gql_gen.http.secret import JwkUrl, parse_jwt_secret
from gql_gen.http.types import AuthSettings


def jwk(private_key: Any, kid: str | None = None, **more: Any) -> dict[str, Any]:
    algorithms = {tokens.RSA: "RSAAlgorithm", tokens.OTHER_RSA: "RSAAlgorithm", tokens.P256: "ECAlgorithm"}
    algorithm = getattr(jwt.algorithms, algorithms.get(private_key, "OKPAlgorithm"))
    entry: dict[str, Any] = algorithm.to_jwk(private_key.public_key(), as_dict=True)
    entry.pop("key_ops", None)
    return entry | ({"kid": kid} if kid else {}) | more


@dataclass
class Publisher:
    """An HTTP server whose next answer a test can change."""

    port: int = 0
    status: str = "200 OK"
    document: Any = field(default_factory=lambda: {"keys": [jwk(tokens.RSA, "one")]})
    headers: str = "cache-control: public, max-age=3600\r\n"
    hits: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/jwks.json"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.hits += 1
        body = self.document if isinstance(self.document, bytes) else json.dumps(self.document).encode()
        head = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{self.headers}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    it = Publisher()
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    async with server:
        yield it


@dataclass
class Watched:
    keys: RemoteKeys
    changes: list[float]


async def watched(publisher: Publisher, **settings: Any) -> Watched:
    changes: list[float] = []
    keys = RemoteKeys(JwkUrl(publisher.url), lambda: changes.append(time.monotonic()), **settings)
    await keys.start()
    return Watched(keys, changes)


async def test_a_token_is_checked_by_the_published_key(publisher: Publisher) -> None:
    resolver = CallerResolver(AuthSettings(SECRET, (parse_jwt_secret(json.dumps({"jwk_url": publisher.url})),)))
    await resolver.start()
    good = [(b"authorization", f"Bearer {token(key=tokens.RSA, algorithm='RS256', kid='one')}".encode())]
    bad = [(b"authorization", f"Bearer {token(key=tokens.OTHER_RSA, algorithm='RS256', kid='one')}".encode())]
    assert (await resolver.resolve(dict(good), good)).role == "user"
    with pytest.raises(Unauthorized, match="JWSInvalidSignature"):
        await resolver.resolve(dict(bad), bad)
    await resolver.stop()


async def test_a_rotated_key_is_found_early_and_the_old_token_is_forgotten(publisher: Publisher) -> None:
    resolver = CallerResolver(AuthSettings(SECRET, (parse_jwt_secret(json.dumps({"jwk_url": publisher.url})),)))
    resolver._remote[0]._early_interval = 0
    await resolver.start()
    old = [(b"authorization", f"Bearer {token(key=tokens.RSA, algorithm='RS256', kid='one')}".encode())]
    new = [(b"authorization", f"Bearer {token(key=tokens.OTHER_RSA, algorithm='RS256', kid='two')}".encode())]
    await resolver.resolve(dict(old), old)
    publisher.document = {"keys": [jwk(tokens.OTHER_RSA, "two")]}
    assert (await resolver.resolve(dict(new), new)).role == "user"
    with pytest.raises(Unauthorized):
        await resolver.resolve(dict(old), old)
    await resolver.stop()


async def test_keys_are_refreshed_in_the_background_as_the_answer_says(publisher: Publisher) -> None:
    publisher.headers = "cache-control: max-age=1\r\n"
    it = await watched(publisher)
    publisher.document = {"keys": [jwk(tokens.OTHER_RSA, "two")]}
    await asyncio.sleep(1.3)
    await it.keys.stop()
    assert (publisher.hits, len(it.changes)) == (2, 2)
    assert [key.kid for key in it.keys._keys] == ["two"]


async def test_unknown_kids_do_not_hammer_the_address(publisher: Publisher) -> None:
    it = await watched(publisher, early_interval=60)
    found = await asyncio.gather(*(it.keys.find("RS256", f"unknown-{n}") for n in range(20)))
    await it.keys.stop()
    assert (set(found), publisher.hits) == ({()}, 1)


async def test_many_who_ask_early_share_one_fetch(publisher: Publisher) -> None:
    it = await watched(publisher, early_interval=0)
    await asyncio.gather(*(it.keys.find("RS256", "unknown") for _ in range(20)))
    await it.keys.stop()
    assert publisher.hits == 2


@pytest.mark.parametrize(
    ("status", "document"),
    [
        ("500 Oops", b""),
        ("200 OK", b"not json"),
        ("200 OK", b"[]"),
        ("200 OK", b"{}"),
        ("200 OK", b" " * (1024 * 1024 + 1)),
        ("200 OK", b"[" * 5000),
    ],
)
async def test_a_failing_address_keeps_the_last_good_keys_for_a_while(
    publisher: Publisher, status: str, document: bytes
) -> None:
    it = await watched(publisher)
    publisher.status, publisher.document = status, document
    assert await it.keys._refresh() == 10.0
    assert len(await it.keys.find("RS256", "one")) == 1
    it.keys._keep_for = 0
    await it.keys._refresh()
    assert await it.keys.find("RS256", "one") == ()
    await it.keys.stop()
    assert len(it.changes) == 2


async def test_a_redirect_is_not_followed(publisher: Publisher) -> None:
    publisher.status, publisher.headers = "302 Found", f"location: {publisher.url}?again\r\n"
    it = await watched(publisher)
    await it.keys.stop()
    assert (publisher.hits, it.keys._keys) == (1, ())


async def test_an_address_that_fails_at_start_does_not_stop_it(publisher: Publisher) -> None:
    publisher.status = "503 Later"
    it = await watched(publisher, early_interval=0)
    publisher.status = "200 OK"
    assert len(await it.keys.find("RS256", "one")) == 1
    await it.keys.stop()


def test_a_key_set_pins_each_key_to_its_family() -> None:
    document = {
        "keys": [
            jwk(tokens.RSA, "rsa"),
            jwk(tokens.RSA, "pss", alg="PS256"),
            jwk(tokens.RSA, "one", alg="RS512"),
            jwk(tokens.P256, "ec"),
            jwk(tokens.ED25519, "ed"),
        ]
    }
    assert {key.kid: key.algorithms for key in parse_key_set(document)} == {
        "rsa": ("RS256", "RS384", "RS512"),
        "pss": ("PS256",),
        "one": ("RS512",),
        "ec": ("ES256",),
        "ed": ("EdDSA",),
    }
    assert {key.kid: key.algorithms for key in parse_key_set(document, ("RS256",))} == {"rsa": ("RS256",)}


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA"},
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": ["RSA"]},
        {"kty": "EC", "crv": {}},
        {},
        "text",
        None,
    ],
)
def test_a_key_that_cannot_be_used_is_passed_over(entry: Any) -> None:
    keys = parse_key_set({"keys": [entry, jwk(tokens.RSA, "encrypts", use="enc"), jwk(tokens.RSA, "good")]})
    assert [key.kid for key in keys] == ["good"]


@pytest.mark.parametrize("alg", ["HS256", "none", "ES256", "RS1", 7])
def test_a_key_that_claims_another_family_is_passed_over(alg: Any) -> None:
    assert parse_key_set({"keys": [jwk(tokens.RSA, "k", alg=alg)]}) == ()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60.0),
        ({"cache-control": "max-age=300"}, 300.0),
        ({"cache-control": "Public, S-MaxAge=20"}, 20.0),
        ({"cache-control": "no-cache"}, 60.0),
        ({"cache-control": "max-age=0"}, 1.0),
        ({"cache-control": "max-age=9999999999"}, 86400.0),
        ({"expires": "Thu, 01 Jan 1970 00:02:10 GMT"}, 30.0),
        ({"expires": "0"}, 60.0),
        ({"expires": "nonsense"}, 60.0),
    ],
)
def test_the_answer_says_when_to_ask_again(headers: dict[str, str], seconds: float) -> None:
    assert refresh_after(headers, now=lambda: 100.0) == seconds
