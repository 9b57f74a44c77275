"""Access tokens of the auth engine: every algorithm signs and verifies, keys rotate, JWKS tells the public halves, and
the attack table: tokens that other servers have accepted are worth nothing here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
import pytest
from auth_kit import AuthServer, refused
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from auth_engine.core.errors import BadSetting
from auth_engine.core.types import User
from auth_engine.tokens.access import AccessTokens
from auth_engine.tokens.secret import ISSUER, NAMESPACE, read_keys, thumbprint

KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
NOW = 1_760_000_000
USER = User(
    id="6b1c7a2e-54a1-4a43-9d3c-2f7f7ad6f001",
    created_at=datetime(2025, 1, 1, tzinfo=UTC),
    disabled=False,
    display_name="Anna",
    avatar_url="",
    locale="en",
    email="anna@example.test",
    phone_number=None,
    password_hash=None,
    email_verified=True,
    phone_number_verified=False,
    new_email=None,
    default_role="user",
    is_anonymous=False,
    totp_secret=None,
    active_mfa_type=None,
    ticket=None,
    ticket_expires_at=datetime(2025, 1, 1, tzinfo=UTC),
    otp_hash=None,
    otp_hash_expires_at=datetime(2025, 1, 1, tzinfo=UTC),
    metadata=None,
    roles=("user", "me"),
    not_before=None,
)


@dataclass(slots=True)
class StoppedClock:
    at: float = NOW

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at

    async def sleep_until(self, moment: float) -> None:
        self.at = max(self.at, moment)


@cache
def private_key(kind: str) -> Any:
    """One key of a kind, made once; a kind with a dash is another key of what stands before it."""
    match kind.split("-")[0]:
        case "RSA":
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        case "SMALL":
            return rsa.generate_private_key(public_exponent=65537, key_size=1024)
        case "P256":
            return ec.generate_private_key(ec.SECP256R1())
        case "P384":
            return ec.generate_private_key(ec.SECP384R1())
        case "P521":
            return ec.generate_private_key(ec.SECP521R1())
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def public_pem(kind: str) -> str:
    pem: bytes = private_key(kind).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def private_pem(kind: str) -> str:
    pem: bytes = private_key(kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


def shared(algorithm: str = "HS256", **more: Any) -> dict[str, Any]:
    return {"type": algorithm, "key": KEY, **more}


def pair(algorithm: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"type": algorithm, "key": public_pem(kind), "signing_key": private_pem(kind), **more}


def tokens_by(*secrets: Mapping[str, Any], clock: StoppedClock | None = None) -> AccessTokens:
    return AccessTokens(read_keys(None, json.dumps(secrets)), 900, clock or StoppedClock())


def payload(**changes: Any) -> dict[str, Any]:
    """What the engine itself would sign, and what is changed of it; None takes a claim away."""
    hasura = {
        "x-hasura-allowed-roles": ["user", "me"],
        "x-hasura-default-role": "user",
        "x-hasura-user-id": USER.id,
        "x-hasura-user-is-anonymous": "false",
    }
    whole = {"sub": USER.id, "iss": ISSUER, "iat": NOW, "exp": NOW + 900, NAMESPACE: hasura, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def signed(claims: Mapping[str, Any], key: Any = KEY, algorithm: str = "HS256", **headers: Any) -> str:
    return jwt.encode(dict(claims), key, algorithm=algorithm, headers=headers or None)


def forged(header: Mapping[str, Any], claims: Mapping[str, Any] | bytes, key: bytes) -> str:
    """A token with exactly this header, signed as HS256: made by hand where a library would refuse to."""
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    text = f"{_base64(json.dumps(header).encode())}.{_base64(body)}"
    return f"{text}.{_base64(hmac.new(key, text.encode(), hashlib.sha256).digest())}"


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    return f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims).encode())}."


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


HS256 = tokens_by(shared())
PAIRS = [
    ("RS256", "RSA"),
    ("RS384", "RSA"),
    ("RS512", "RSA"),
    ("PS256", "RSA"),
    ("ES256", "P256"),
    ("ES384", "P384"),
    ("ES512", "P521"),
    ("EdDSA", "ED"),
    ("Ed25519", "ED"),
]


# ---------------------------------------------------------------- what is good


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_shared_key_signs_and_verifies(algorithm: str) -> None:
    tokens = tokens_by(shared(algorithm))
    token = tokens.sign(USER, "a-session", elevated=True)
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "typ": "JWT"}
    claims = tokens.verify(token)
    assert claims is not None
    assert (claims.user_id, claims.session_id, claims.elevated) == (USER.id, "a-session", True)
    assert tokens.jwks == []


@pytest.mark.parametrize(("algorithm", "kind"), PAIRS)
def test_a_pair_signs_verifies_and_is_published(algorithm: str, kind: str) -> None:
    tokens = tokens_by(pair(algorithm, kind))
    token = tokens.sign(USER, "a-session")
    (published,) = tokens.jwks
    named = {"Ed25519": "EdDSA"}.get(algorithm, algorithm)
    assert (published["alg"], published["use"]) == (named, "sig")
    assert set(published) - {"alg", "use", "kid"} == {
        "RSA": {"kty", "n", "e"},
        "ED": {"kty", "crv", "x"},
    }.get(kind, {"kty", "crv", "x", "y"})
    assert jwt.get_unverified_header(token) == {"alg": named, "typ": "JWT", "kid": published["kid"]}
    # Whoever has the JWKS alone can check the token.
    key = jwt.PyJWK.from_dict(published)
    assert (
        jwt.decode(token, key, algorithms=[named], options={"verify_exp": False, "verify_iat": False})["sub"] == USER.id
    )
    assert tokens.verify(token) is not None


def test_the_claims_are_those_of_the_contract() -> None:
    token = HS256.sign(USER, "a-session", custom={"x-hasura-org": "7", "X-Hasura-User-ID": "somebody else"})
    said = jwt.decode(token, KEY, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False})
    assert len(said.pop("jti")) == 36
    assert said == {**payload(), "sid": "a-session", NAMESPACE: {**payload()[NAMESPACE], "x-hasura-org": "7"}}


def test_issuer_namespace_and_kid_are_the_secrets() -> None:
    tokens = tokens_by(shared(issuer="me", claims_namespace="https://example.test/claims", kid="one"))
    token = tokens.sign(USER, "a-session")
    said = jwt.decode(token, KEY, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False})
    assert (said["iss"], jwt.get_unverified_header(token)["kid"]) == ("me", "one")
    assert said["https://example.test/claims"]["x-hasura-user-id"] == USER.id
    assert tokens.verify(token) is not None
    assert HS256.verify(token) is None


def test_a_kid_is_the_thumbprint_of_rfc_7638() -> None:
    # The example of RFC 7638, section 3.1.
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn"
        "jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qM"
        "QvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJz"
        "KnqDKgw"
    )
    jwk = {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    (published,) = tokens_by(pair("ES256", "P256")).jwks
    wanted = {name: published[name] for name in ("crv", "kty", "x", "y")}
    digest = hashlib.sha256(json.dumps(wanted, separators=(",", ":"), sort_keys=True).encode()).digest()
    assert published["kid"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_keys_rotate_the_first_signs_and_all_verify() -> None:
    old, new = pair("RS256", "RSA"), pair("RS256", "RSA-2")
    before = tokens_by(old).sign(USER, "a-session")
    both = tokens_by(new, old)
    assert both.verify(before) is not None
    assert both.jwks[0]["kid"] == jwt.get_unverified_header(both.sign(USER, "x"))["kid"]
    assert len(both.jwks) == 2
    assert tokens_by(new).verify(before) is None
    # From a shared key to a pair, and another issuer with the same key.
    assert tokens_by(new, shared()).verify(HS256.sign(USER, "a-session")) is not None
    assert tokens_by(shared(issuer="new"), shared()).verify(HS256.sign(USER, "a-session")) is not None


def test_a_token_of_hasura_auth_has_no_jti_and_no_sid() -> None:
    claims = HS256.verify(signed(payload()))
    assert claims is not None
    assert (claims.session_id, claims.roles) == (None, ("user", "me"))


# ---------------------------------------------------------------- secrets that are refused


@pytest.mark.parametrize(
    "secret",
    [
        "{",
        "[]",
        "null",
        '{"type": "HS256"}',
        json.dumps(shared("none")),
        json.dumps(shared("hs256")),
        json.dumps({"type": "HS256", "key": "too short"}),
        json.dumps({"type": "RS256", "key": KEY}),
        json.dumps({"type": "RS256", "key": public_pem("RSA")}),
        json.dumps(pair("RS256", "SMALL")),
        json.dumps(pair("ES256", "P384")),
        json.dumps(pair("ES256", "RSA")),
        json.dumps(pair("EdDSA", "P256")),
        json.dumps({**pair("RS256", "RSA"), "signing_key": private_pem("RSA-2")}),
        json.dumps({**pair("ES256", "P256"), "signing_key": public_pem("P256")}),
    ],
)
def test_a_bad_secret_stops_the_start_and_is_not_shown(secret: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        read_keys(secret)
    assert "HASURA_GRAPHQL_JWT_SECRET" in str(refusal.value)
    assert KEY not in str(refusal.value)
    assert "BEGIN" not in str(refusal.value)


# ---------------------------------------------------------------- the attack table


def rs256() -> AccessTokens:
    return tokens_by(pair("RS256", "RSA"))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 1, ["HS256"], {"x": 1}])
def test_algorithm_none(algorithm: Any) -> None:
    for tokens in (HS256, rs256()):
        assert tokens.verify(unsigned({"alg": algorithm, "typ": "JWT"}, payload())) is None


def test_an_empty_signature_under_the_right_algorithm() -> None:
    assert HS256.verify(unsigned({"alg": "HS256"}, payload())) is None


def test_the_public_key_used_as_a_shared_one() -> None:
    pem = public_pem("RSA").encode()
    for key in (pem, pem.strip(), pem.replace(b"\n", b"")):
        assert rs256().verify(forged({"alg": "HS256"}, payload(), key)) is None


def test_another_algorithm_of_the_same_family() -> None:
    assert HS256.verify(signed(payload(), algorithm="HS512")) is None
    for algorithm in ("RS512", "PS256"):
        assert rs256().verify(signed(payload(), private_key("RSA"), algorithm)) is None
    assert tokens_by(pair("ES256", "P256")).verify(signed(payload(), private_key("P384"), "ES384")) is None


def test_a_token_that_brings_its_own_key() -> None:
    own = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private_key("RSA-2").public_key()))
    assert rs256().verify(signed(payload(), private_key("RSA-2"), "RS256", jwk=own)) is None
    assert rs256().verify(signed(payload(), private_key("RSA"), "RS256", jwk=own)) is None
    assert HS256.verify(signed(payload(), jwk={"kty": "oct", "k": "AAAA"})) is None


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://evil.test/keys"},
        {"x5u": "https://evil.test/keys"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": None},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
    ],
)
def test_a_header_that_changes_what_a_token_means(header: dict[str, Any]) -> None:
    assert HS256.verify(forged({"alg": "HS256", "typ": "JWT"}, payload(), KEY.encode())) is not None
    assert HS256.verify(forged({"alg": "HS256", "typ": "JWT", **header}, payload(), KEY.encode())) is None


@pytest.mark.parametrize("kid", ["../../dev/null", "' or 1=1 --", "", "another", 7, None, ["a"], {"a": 1}])
def test_a_kid_chooses_no_key_that_was_not_set(kid: Any) -> None:
    header = {"alg": "HS256", "typ": "JWT", "kid": kid}
    two = tokens_by(shared(kid="one"), shared(kid="two", issuer="x"))
    assert two.verify(forged(header, payload(), b"")) is None
    assert two.verify(forged({**header, "kid": "two"}, payload(), KEY.encode())) is None, "the other key's issuer"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"iss": None},
        {"iss": [ISSUER]},
        {"exp": None},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"exp": str(NOW + 900)},
        {"exp": True},
        {"exp": 1e300},
        {"exp": [NOW + 900]},
        {"iat": NOW + 1},
        {"iat": "now"},
        {"nbf": NOW + 1},
        {"nbf": "now"},
        {"sub": None},
        {"sub": "not a uuid"},
        {"sub": 7},
        {"sub": "6b1c7a2e-54a1-4a43-9d3c-2f7f7ad6f002"},
        {NAMESPACE: None},
        {NAMESPACE: []},
        {NAMESPACE: json.dumps({"x-hasura-user-id": USER.id})},
        {NAMESPACE: {"x-hasura-user-id": "6b1c7a2e-54a1-4a43-9d3c-2f7f7ad6f002"}},
        {NAMESPACE: {}},
    ],
)
def test_a_claim_that_is_not_right(changes: dict[str, Any]) -> None:
    assert HS256.verify(forged({"alg": "HS256"}, payload(**changes), KEY.encode())) is None


def test_a_null_where_a_claim_should_be() -> None:
    for name in ("sub", "iss", "exp", "nbf", NAMESPACE):
        assert HS256.verify(forged({"alg": "HS256"}, {**payload(), name: None}, KEY.encode())) is None, name


def test_a_token_ends_when_it_says() -> None:
    clock = StoppedClock()
    tokens = tokens_by(shared(), clock=clock)
    token = tokens.sign(USER, "a-session")
    clock.at += 899
    assert tokens.verify(token) is not None
    clock.at += 1
    assert tokens.verify(token) is None


@pytest.mark.parametrize("value", ["true", True, "somebody", ["6b1c7a2e-54a1-4a43-9d3c-2f7f7ad6f001"]])
def test_elevated_is_the_users_own_id_or_nothing(value: Any) -> None:
    claims = HS256.verify(signed(payload(**{NAMESPACE: {**payload()[NAMESPACE], "x-hasura-auth-elevated": value}})))
    assert claims is not None
    assert not claims.elevated


def test_an_oversize_token_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    token = signed(payload(padding="x" * 16_384))
    monkeypatch.setattr(jwt.PyJWS, "get_unverified_header", None)
    assert HS256.verify(token) is None


def test_a_changed_payload_and_a_foreign_signature() -> None:
    header, _, signature = signed(payload()).split(".")
    _, body, _ = signed(payload(admin=True)).split(".")
    assert HS256.verify(f"{header}.{body}.{signature}") is None
    assert HS256.verify(signed(payload(), KEY[::-1])) is None
    assert rs256().verify(signed(payload(), private_key("RSA-2"), "RS256")) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "..",
        "e30.e30.e30",
        "!!!!.e30.e30",
        "é.e30.e30",
        "W10.e30.",
        "bnVsbA.e30.",
        "." * 9000,
    ],
)
def test_what_is_no_token(text: str) -> None:
    assert HS256.verify(text) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b"[" * 5000, b"1" * 5000, b"NaN"])
def test_a_payload_that_is_no_object(body: bytes) -> None:
    assert HS256.verify(forged({"alg": "HS256"}, body, KEY.encode())) is None


async def test_over_http_a_bad_token_is_400_where_one_is_needed(server: AuthServer) -> None:
    session = await server.sign_up()
    good = session["accessToken"]
    header, body, signature = good.split(".")
    for bad in ("", "x", f"{header}.{body}.", f"{header}.{body}.{signature[::-1]}", signed(payload()), good + " x"):
        refused(await server.get("/user", bad), 400, "invalid-request")
        refused(await server.post("/token/verify", {"token": bad}), 400, "invalid-request")
    for scheme in ("bearer", "Basic", "Token"):
        refused(await server.get("/user", Authorization=f"{scheme} {good}"), 400, "invalid-request")
    assert (await server.post("/token/verify", {"token": f"Bearer {good}"})).json() == "OK"
    assert (await server.get("/user", good)).status_code == 200
    assert (await server.get("/.well-known/jwks.json")).json() == {"keys": []}
