"""The attack table: tokens that other servers have accepted. Each is refused, and no role is fallen back to."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
import pytest
import tokens
from edge_kit import SECRET, Edge, Got, MakeEdge
from tokens import KEY, NAMESPACE, bearer, claims, forged, secret, token, unsigned

from gql_gen.http.secret import parse_jwt_secrets
from gql_gen.http.types import AuthSettings

SIGNATURE = "Could not verify JWT: JWSError JWSInvalidSignature"
MISSING = "jwt-missing-role-claims"


def house_with(edge: MakeEdge, text: str) -> Edge:
    return edge(AuthSettings(SECRET, parse_jwt_secrets(text), unauthorized_role="visitor"))


async def refused(house: Edge, text: str) -> Got:
    got = await house.ask(bearer(text))
    assert (got.status, house.answers.asks) == (200, [])
    return got


@pytest.fixture
def hs256(edge: MakeEdge) -> Edge:
    return house_with(edge, secret())


@pytest.fixture
def rs256(edge: MakeEdge) -> Edge:
    return house_with(edge, secret(type="RS256", key=tokens.public_pem(tokens.RSA)))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 1, ["HS256"]])
async def test_algorithm_none(hs256: Edge, rs256: Edge, algorithm: Any) -> None:
    for house in (hs256, rs256):
        assert (await refused(house, unsigned({"alg": algorithm}, claims()))).code == "invalid-jwt"


async def test_an_empty_signature_under_the_right_algorithm(hs256: Edge) -> None:
    assert (await refused(hs256, unsigned({"alg": "HS256"}, claims()))).message == SIGNATURE


async def test_the_public_rsa_key_used_as_an_hmac_secret(rs256: Edge) -> None:
    pem = tokens.public_pem(tokens.RSA).encode()
    for key in (pem, pem.strip()):
        assert (await refused(rs256, forged({"alg": "HS256"}, claims(), key))).message == SIGNATURE


async def test_another_algorithm_of_the_same_family(hs256: Edge, rs256: Edge) -> None:
    assert (await refused(hs256, token(algorithm="HS512"))).message == SIGNATURE
    assert (await refused(rs256, token(key=tokens.RSA, algorithm="RS512"))).message == SIGNATURE
    assert (await refused(rs256, token(key=tokens.RSA, algorithm="PS256"))).message == SIGNATURE


async def test_a_token_that_brings_its_own_key(hs256: Edge, rs256: Edge) -> None:
    own = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(tokens.OTHER_RSA.public_key()))
    text = token(key=tokens.OTHER_RSA, algorithm="RS256", jwk=own)
    assert "jwk" in (await refused(rs256, text)).message
    assert "jwk" in (await refused(hs256, token(jwk={"kty": "oct", "k": "AAAA"}))).message


@pytest.mark.parametrize("name", ["jku", "x5u"])
async def test_a_token_that_names_an_address_for_its_key(hs256: Edge, name: str) -> None:
    got = await refused(hs256, forged({"alg": "HS256", name: "http://127.0.0.1:9/keys"}, claims()))
    assert name in got.message


async def test_a_token_that_brings_a_certificate(hs256: Edge) -> None:
    assert "x5c" in (await refused(hs256, forged({"alg": "HS256", "x5c": ["MIIB"]}, claims()))).message


@pytest.mark.parametrize("critical", [["exp"], ["b64"], ["unknown"], [], "exp", None])
async def test_critical_headers_are_never_understood(hs256: Edge, critical: Any) -> None:
    got = await refused(hs256, forged({"alg": "HS256", "crit": critical, "unknown": 1}, claims()))
    assert got.code == "invalid-jwt"


@pytest.mark.parametrize("header", [{"b64": False}, {"zip": "DEF"}, {"enc": "A256GCM"}])
async def test_detached_compressed_and_encrypted_forms(hs256: Edge, header: dict[str, Any]) -> None:
    assert (await refused(hs256, forged({"alg": "HS256", **header}, claims()))).code == "invalid-jwt"


async def test_an_oversize_token_is_refused_before_it_is_decoded(hs256: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    text = token(claims(padding="x" * 16_384))
    monkeypatch.setattr(jwt.PyJWS, "get_unverified_header", None)
    assert (await refused(hs256, text)).message == "Could not verify JWT: the token is too long"


async def test_a_changed_payload(hs256: Edge) -> None:
    header, _, signature = token().split(".")
    _, payload, _ = token(claims(admin=True)).split(".")
    assert (await refused(hs256, f"{header}.{payload}.{signature}")).message == SIGNATURE


async def test_a_signature_by_another_key(hs256: Edge, rs256: Edge) -> None:
    assert (await refused(hs256, token(key=KEY[::-1]))).message == SIGNATURE
    assert (await refused(rs256, token(key=tokens.OTHER_RSA, algorithm="RS256"))).message == SIGNATURE


@pytest.mark.parametrize(
    "text",
    ["x", "a.b", "a.b.c", "a.b.c.d", "..", "e30.e30.e30", "!!!!.e30.e30", "\u00e9.e30.e30", "W10.e30.", "bnVsbA.e30."],
)
async def test_what_is_no_token(hs256: Edge, text: str) -> None:
    assert (await refused(hs256, text)).code == "invalid-jwt"


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b"[" * 5000, b"1" * 5000])
async def test_a_payload_that_is_no_object(hs256: Edge, payload: bytes) -> None:
    got = await refused(hs256, forged({"alg": "HS256"}, payload))
    assert got.message == "Could not verify JWT: JWTClaimsSetDecodeError"


async def test_a_header_that_is_a_json_bomb(hs256: Edge) -> None:
    header = tokens._base64(b'{"alg":"HS256","a":' + b"[" * 5000 + b"]" * 5000 + b"}")
    assert (await refused(hs256, f"{header}.e30.e30")).code == "invalid-jwt"


@pytest.mark.parametrize("kid", [1, ["a"], {"a": 1}])
async def test_a_kid_that_is_no_text(hs256: Edge, kid: Any) -> None:
    assert (await refused(hs256, forged({"alg": "HS256", "kid": kid}, claims()))).code == "invalid-jwt"


async def test_an_expired_token(hs256: Edge) -> None:
    assert (await refused(hs256, token(claims(exp=int(time.time()) - 1)))).message == "Could not verify JWT: JWTExpired"


async def test_a_token_that_is_not_valid_yet(hs256: Edge) -> None:
    got = await refused(hs256, token(claims(nbf=int(time.time()) + 60)))
    assert got.message == "Could not verify JWT: JWTNotYetValid"


async def test_a_token_issued_in_the_future(hs256: Edge) -> None:
    got = await refused(hs256, token(claims(iat=int(time.time()) + 60)))
    assert got.message == "Could not verify JWT: JWTIssuedAtFuture"


@pytest.mark.parametrize("value", ["4102444800", True, None, [], {}, 1e300, -1e300])
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
async def test_times_that_are_no_times(hs256: Edge, name: str, value: Any) -> None:
    got = await refused(hs256, forged({"alg": "HS256"}, claims() | {name: value}))
    assert got.message == f'Could not verify JWT: JWTClaimsSetDecodeError "{name}"'


@pytest.mark.parametrize("audience", ["other", ["other"], [], None, 7, {"mine": 1}, "min", [["mine"]]])
async def test_a_wrong_or_missing_audience(edge: MakeEdge, audience: Any) -> None:
    for configured in ("mine", ["mine", "ours"]):
        house = house_with(edge, secret(audience=configured))
        payload = claims() if audience is None else claims(aud=audience)
        got = await refused(house, forged({"alg": "HS256"}, payload))
        assert got.message == "Could not verify JWT: JWTNotInAudience"


@pytest.mark.parametrize("issuer", ["other", None, ["mine"], 7, "mine "])
async def test_a_wrong_or_missing_issuer(edge: MakeEdge, issuer: Any) -> None:
    payload = claims() if issuer is None else claims(iss=issuer)
    got = await refused(house_with(edge, secret(issuer="mine")), forged({"alg": "HS256"}, payload))
    assert got.message == "Could not verify JWT: JWTNotInIssuer"


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        (None, "jwt-invalid-claims", f"claims key: '{NAMESPACE}' not found"),
        ("{}", "jwt-invalid-claims", "expecting a json object when claims_format is json"),
        (
            {"x-hasura-default-role": "user"},
            "jwt-missing-role-claims",
            "JWT claim does not contain x-hasura-allowed-roles",
        ),
        (
            {"x-hasura-allowed-roles": ["user"]},
            "jwt-missing-role-claims",
            "JWT claim does not contain x-hasura-default-role",
        ),
        (
            {"x-hasura-default-role": "user", "x-hasura-allowed-roles": "user"},
            "jwt-invalid-claims",
            "invalid x-hasura-allowed-roles; should be a list of roles",
        ),
        (
            {"x-hasura-default-role": "user", "x-hasura-allowed-roles": ["user", 1]},
            "jwt-invalid-claims",
            "invalid x-hasura-allowed-roles; should be a list of roles",
        ),
        (
            {"x-hasura-default-role": ["user"], "x-hasura-allowed-roles": ["user"]},
            "jwt-invalid-claims",
            "invalid x-hasura-default-role; should be a single role name",
        ),
    ],
)
async def test_missing_or_misshapen_claims(hs256: Edge, value: Any, code: str, message: str) -> None:
    payload = claims(**{NAMESPACE: value})
    if value is None:
        del payload[NAMESPACE]
    got = await refused(hs256, token(payload))
    assert (got.code, got.message) == (code, message)


async def test_a_default_role_that_is_not_allowed(hs256: Edge) -> None:
    hasura = {"x-hasura-default-role": "admin", "x-hasura-allowed-roles": ["user"]}
    got = await refused(hs256, token(claims(**{NAMESPACE: hasura})))
    assert (got.code, got.message) == ("access-denied", "Your requested role is not in allowed roles")


@pytest.mark.parametrize("role", ["admin", "USER", "user,manager", "visitor"])
async def test_a_role_that_is_not_allowed(hs256: Edge, role: str) -> None:
    got = await hs256.ask({**bearer(token()), "x-hasura-role": role})
    assert (got.code, got.message) == ("access-denied", "Your requested role is not in allowed roles")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer a b", "bearer  ", "Token x", "x.y.z"]
)
async def test_a_malformed_authorization_header_never_falls_back(hs256: Edge, header: str) -> None:
    got = await hs256.ask({"authorization": header})
    assert (got.code, got.message) == ("invalid-headers", "Malformed Authorization header")


async def test_a_wrong_admin_secret_beside_a_good_token(hs256: Edge) -> None:
    got = await hs256.ask({**bearer(token()), "x-hasura-admin-secret": "wrong"})
    assert (got.code, hs256.answers.asks) == ("access-denied", [])


async def test_variables_come_from_the_token_alone(hs256: Edge) -> None:
    await hs256.ask(
        {
            **bearer(token()),
            "x-hasura-user-id": "1",
            "x-hasura-org": "2",
            "x-hasura-use-backend-only-permissions": "true",
        }
    )
    assert dict(hs256.caller.variables) == {"x-hasura-role": "user", "x-hasura-user-id": "7"}
    assert not hs256.caller.is_backend


async def test_an_admin_is_never_made_by_a_cookie(hs256: Edge) -> None:
    await hs256.ask({"cookie": f"x-hasura-admin-secret={SECRET}; authorization=Bearer {token()}"})
    assert hs256.caller.role == "visitor"
