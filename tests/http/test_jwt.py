"""Good tokens: every algorithm, every place they may stand, every form of claims, and how long they are remembered."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import tokens
from edge_kit import SECRET, Edge, MakeEdge
from tokens import HASURA, KEY, NAMESPACE, bearer, claims, secret, token

from gql_gen.http.caller import CallerResolver
from gql_gen.http.claims import Grants, parse_json_path, session_text
from gql_gen.http.jwt import Ticket, TicketCache
from gql_gen.http.secret import parse_jwt_secret, parse_jwt_secrets
from gql_gen.http.types import AuthSettings


def house_with(edge: MakeEdge, *texts: str, unauthorized_role: str | None = None) -> Edge:
    secrets = parse_jwt_secrets(texts[0] if len(texts) == 1 else f"[{','.join(texts)}]")
    return edge(AuthSettings(SECRET, secrets, unauthorized_role))


async def caller_of(house: Edge, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    got = await house.ask(headers)
    assert got.body == b'{"data":{"ok":true}}', got.body
    return house.caller.role, dict(house.caller.variables)


@pytest.mark.parametrize(
    ("kind", "key", "algorithm"),
    [
        ("RS256", tokens.RSA, "RS256"),
        ("RS384", tokens.RSA, "RS384"),
        ("RS512", tokens.RSA, "RS512"),
        ("PS256", tokens.RSA, "PS256"),
        ("ES256", tokens.P256, "ES256"),
        ("ES384", tokens.P384, "ES384"),
        ("ES512", tokens.P521, "ES512"),
        ("Ed25519", tokens.ED25519, "EdDSA"),
        ("EdDSA", tokens.ED25519, "EdDSA"),
    ],
)
async def test_a_public_key_checks_its_own_algorithm(edge: MakeEdge, kind: str, key: Any, algorithm: str) -> None:
    house = house_with(edge, secret(type=kind, key=tokens.public_pem(key)))
    assert await caller_of(house, bearer(token(key=key, algorithm=algorithm))) == (
        "user",
        {"x-hasura-role": "user", "x-hasura-user-id": "7"},
    )


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_shared_secret_checks_its_own_algorithm(edge: MakeEdge, algorithm: str) -> None:
    house = house_with(edge, secret(type=algorithm))
    assert (await caller_of(house, bearer(token(algorithm=algorithm))))[0] == "user"


async def test_the_role_header_chooses_among_the_allowed_roles(edge: MakeEdge) -> None:
    house = house_with(edge, secret())
    role, variables = await caller_of(house, {**bearer(token()), "x-hasura-role": "manager"})
    assert (role, variables["x-hasura-role"]) == ("manager", "manager")


async def test_without_a_token_the_unauthorized_role_or_a_refusal(edge: MakeEdge) -> None:
    assert (await caller_of(house_with(edge, secret(), unauthorized_role="visitor"), {}))[0] == "visitor"
    got = await house_with(edge, secret()).ask()
    assert got.code == "invalid-headers"
    assert got.message == "Missing 'Authorization' or 'Cookie' header in JWT authentication mode"


async def test_a_token_without_an_end_is_accepted_as_hasura_does(edge: MakeEdge) -> None:
    payload = claims()
    del payload["exp"]
    assert (await caller_of(house_with(edge, secret()), bearer(token(payload))))[0] == "user"


async def test_skew_is_granted_on_both_ends(edge: MakeEdge) -> None:
    house, now = house_with(edge, secret(allowed_skew=60)), int(time.time())
    assert (await caller_of(house, bearer(token(claims(exp=now - 30)))))[0] == "user"
    assert (await caller_of(house, bearer(token(claims(nbf=now + 30, iat=now + 30)))))[0] == "user"
    assert (await house.ask(bearer(token(claims(exp=now - 61))))).code == "invalid-jwt"


@pytest.mark.parametrize("stated", ["ours", ["other", "ours"]])
async def test_one_audience_in_common_is_enough(edge: MakeEdge, stated: Any) -> None:
    house = house_with(edge, secret(audience=["mine", "ours"], issuer="me"))
    assert (await caller_of(house, bearer(token(claims(aud=stated, iss="me")))))[0] == "user"


async def test_a_cookie_carries_the_token(edge: MakeEdge) -> None:
    house = house_with(edge, secret(header={"type": "Cookie", "name": "ticket"}), unauthorized_role="visitor")
    for cookie in (f"ticket={token()}", f'a=b; ticket="{token()}"; c', f"xticket=no; ticket={token()}"):
        assert (await caller_of(house, {"cookie": cookie}))[0] == "user"
    for cookie in ("other=1", "ticket=", "", f"xticket={token()}"):
        assert (await caller_of(house, {"cookie": cookie}))[0] == "visitor"
    assert (await caller_of(house, bearer(token())))[0] == "visitor"
    assert (await house.ask({"cookie": "ticket=nonsense"})).code == "invalid-jwt"


async def test_a_header_of_ones_own_carries_the_token(edge: MakeEdge) -> None:
    house = house_with(edge, secret(header={"type": "CustomHeader", "name": "X-Ticket"}))
    assert (await caller_of(house, {"x-ticket": token()}))[0] == "user"
    assert (await caller_of(house, {"X-Ticket": f"Bearer {token()}"}))[0] == "user"
    assert (await house.ask({"x-ticket": "a b"})).message == "Malformed X-Ticket header"


async def test_several_secrets_each_accept_their_own_tokens(edge: MakeEdge) -> None:
    old, new = "o" * 32, "n" * 32
    house = house_with(
        edge,
        secret(key=old, issuer="old"),
        secret(key=new, issuer="new"),
        secret(type="RS256", key=tokens.public_pem(tokens.RSA), header={"type": "Cookie", "name": "t"}),
    )
    assert (await caller_of(house, bearer(token(claims(iss="old"), old))))[0] == "user"
    assert (await caller_of(house, bearer(token(claims(iss="new"), new))))[0] == "user"
    assert (await caller_of(house, {"cookie": f"t={token(key=tokens.RSA, algorithm='RS256')}"}))[0] == "user"
    assert (await house.ask(bearer(token(claims(iss="new"), old)))).message.endswith("JWTNotInIssuer")
    assert (await house.ask(bearer(token(claims(iss="old"), new)))).message.endswith("JWTNotInIssuer")
    assert (await house.ask(bearer(token(key=tokens.RSA, algorithm="RS256")))).code == "invalid-jwt"


async def test_claims_may_be_a_json_text(edge: MakeEdge) -> None:
    house = house_with(edge, secret(claims_format="stringified_json"))
    good = token(claims(**{NAMESPACE: json.dumps(HASURA)}))
    assert (await caller_of(house, bearer(good)))[1]["x-hasura-user-id"] == "7"
    for bad in (HASURA, "not json", "[]", "[" * 3000):
        assert (await house.ask(bearer(token(claims(**{NAMESPACE: bad}))))).code == "jwt-invalid-claims"


@pytest.mark.parametrize(
    ("settings", "payload"),
    [
        ({"claims_namespace": "mine"}, {"mine": HASURA}),
        ({"claims_namespace_path": "$.a.b"}, {"a": {"b": HASURA}}),
        ({"claims_namespace_path": "$.a[1]['b.c']"}, {"a": [0, {"b.c": HASURA}]}),
        ({"claims_namespace_path": "$"}, HASURA),
    ],
)
async def test_claims_lie_where_the_secret_says(edge: MakeEdge, settings: Any, payload: Any) -> None:
    house = house_with(edge, secret(**settings))
    assert (await caller_of(house, bearer(token(payload))))[1]["x-hasura-user-id"] == "7"
    assert (await house.ask(bearer(token({"elsewhere": HASURA})))).code.startswith("jwt-")


MAP = {
    "x-hasura-allowed-roles": {"path": "$.roles", "default": ["user", "guest"]},
    "x-hasura-default-role": {"path": "$.roles[0]", "default": "guest"},
    "X-Hasura-User-Id": {"path": "$.user['id']"},
    "x-hasura-org": {"path": "$.org.id", "default": "none"},
    "x-hasura-plant": "north",
}


async def test_claims_are_picked_by_a_map(edge: MakeEdge) -> None:
    house = house_with(edge, secret(claims_map=MAP))
    payload = {"roles": ["manager", "user"], "user": {"id": 7}, "org": {"id": ["a"]}}
    assert await caller_of(house, bearer(token(payload))) == (
        "manager",
        {"x-hasura-role": "manager", "x-hasura-user-id": "7", "x-hasura-org": '{"a"}', "x-hasura-plant": "north"},
    )


async def test_a_map_falls_back_to_its_defaults(edge: MakeEdge) -> None:
    house = house_with(edge, secret(claims_map=MAP))
    role, variables = await caller_of(house, bearer(token({"user": {"id": "x"}})))
    assert (role, variables["x-hasura-org"]) == ("guest", "none")
    got = await house.ask(bearer(token({"roles": ["user"]})))
    assert (got.code, got.message) == ("jwt-invalid-claims", "JWT claim from claims_map, x-hasura-user-id not found")


async def test_a_map_may_give_fixed_roles(edge: MakeEdge) -> None:
    fixed = {"x-hasura-allowed-roles": ["user"], "x-hasura-default-role": "user"}
    assert (await caller_of(house_with(edge, secret(claims_map=fixed)), bearer(token({}))))[0] == "user"


async def test_other_claims_and_the_role_lists_are_no_variables_and_null_is_missing(edge: MakeEdge) -> None:
    hasura = {**HASURA, "other": "x", "x-hasura-gone": None, "X-HASURA-Upper": "U"}
    _, variables = await caller_of(house_with(edge, secret()), bearer(token(claims(**{NAMESPACE: hasura}))))
    assert variables == {"x-hasura-role": "user", "x-hasura-user-id": "7", "x-hasura-upper": "U"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a text", "a text"),
        ("", ""),
        (7, "7"),
        (1.5, "1.5"),
        (True, "true"),
        ({"a": 1}, '{"a":1}'),
        ([], "{}"),
        (["a", "b"], '{"a","b"}'),
        (['say "hi"', "back\\slash", "a,b", "{}", "NULL", ""], '{"say \\"hi\\"","back\\\\slash","a,b","{}","NULL",""}'),
        ([1, 2.5, True, None], "{1,2.5,true,NULL}"),
        ([[1], [2]], "{{1},{2}}"),
        ([{"a": "b"}], '{"{\\"a\\":\\"b\\"}"}'),
    ],
)
def test_claims_become_the_text_that_postgres_reads(value: Any, expected: str) -> None:
    assert session_text(value) == expected


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


async def test_a_remembered_token_still_expires() -> None:
    clock = Clock()
    resolver = CallerResolver(AuthSettings(SECRET, (parse_jwt_secret(secret(allowed_skew=5)),)), clock=clock)
    headers = [(b"authorization", f"Bearer {token(claims(exp=int(clock.now) + 10))}".encode())]
    first = await resolver.resolve(dict(headers), headers)
    clock.now += 14
    assert await resolver.resolve(dict(headers), headers) is first
    clock.now += 1
    with pytest.raises(Exception, match="JWTExpired"):
        await resolver.resolve(dict(headers), headers)


async def test_a_reload_forgets_the_tokens() -> None:
    resolver = CallerResolver(AuthSettings(SECRET, (parse_jwt_secret(secret()),)))
    headers = [(b"authorization", f"Bearer {token()}".encode())]
    first = await resolver.resolve(dict(headers), headers, 1)
    assert await resolver.resolve(dict(headers), headers, 1) is first
    assert await resolver.resolve(dict(headers), headers, 2) is not first


async def test_the_cache_is_bounded_in_entries_and_bytes() -> None:
    ticket = Ticket(Grants(frozenset(), "user", {}), 0.0)
    cache = TicketCache(max_entries=3, max_bytes=100)
    for name in (b"a", b"b", b"c"):
        cache.put(name, ticket)
    cache.get(b"a")
    cache.put(b"d", ticket)
    assert (len(cache), list(cache._tickets)) == (3, [b"c", b"a", b"d"])
    cache.put(b"x" * 99, ticket)
    assert list(cache._tickets) == [b"d", b"x" * 99]
    cache.put(b"y" * 101, ticket)
    assert (len(cache), cache._bytes) == (0, 0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not valid"),
        ("secret", "not valid"),
        ("[]", "empty"),
        ("{}", "needs a key or a jwk_url"),
        (secret(audiense="x"), "audiense"),
        (secret(type="HS128"), "HS128"),
        (secret(type="none"), "none"),
        (secret(type=None), "no type"),
        (secret(key="short"), "at least 32"),
        (secret(type="HS512", key="x" * 63), "at least 64"),
        (secret(key=tokens.public_pem(tokens.RSA)), "PEM"),
        (secret(type="RS256", key=KEY), "PEM form"),
        (secret(type="RS256", key=tokens.public_pem(tokens.P256)), "does not fit"),
        (secret(type="ES384", key=tokens.public_pem(tokens.P256)), "does not fit"),
        (secret(type="RS256", key=tokens.public_pem(tokens.SMALL_RSA)), "2048"),
        (secret(jwk_url="https://keys.example"), "both"),
        (json.dumps({"jwk_url": "http://keys.example/jwks"}), "https"),
        (json.dumps({"jwk_url": "https://u:p@keys.example/jwks"}), "password"),
        (json.dumps({"jwk_url": "file:///etc/passwd"}), "https"),
        (json.dumps({"jwk_url": "http://localhost.evil.example/"}), "https"),
        (secret(header={"type": "Cookie"}), "no name"),
        (secret(header={"type": "Query"}), "header"),
        (secret(claims_format="xml"), "claims_format"),
        (secret(claims_namespace="a", claims_namespace_path="$.a"), "both"),
        (secret(claims_namespace_path="a.b"), "begin with"),
        (secret(claims_namespace_path="$.a["), "character 4"),
        (secret(claims_map={"x-hasura-default-role": "user"}), "lacks x-hasura-allowed-roles"),
        (secret(claims_map=MAP | {"org": "x"}), "session variables begin with"),
        (secret(claims_map=MAP | {"x-hasura-default-role": ["user"]}), "must be a text"),
        (secret(claims_map=MAP | {"x-hasura-allowed-roles": "user"}), "must be a list"),
        (secret(allowed_skew=-1), "negative"),
        (secret(audience=[]), "audience"),
    ],
)
def test_a_faulty_secret_is_named_and_shows_no_key(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_jwt_secrets(text)
    assert complaint in str(caught.value)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_secret_does_not_show_in_a_representation() -> None:
    assert KEY not in repr(parse_jwt_secret(secret()))


def test_the_auth_engines_own_keys_are_let_pass() -> None:
    assert parse_jwt_secret(secret(signing_key="-----BEGIN", kid="1", issuer="hasura-auth")).issuer == "hasura-auth"


@pytest.mark.parametrize("path", ["", "a", "$a", "$.", "$[x]", "$.a b", "$['a", "$..a"])
def test_a_faulty_json_path_is_an_error(path: str) -> None:
    with pytest.raises(ValueError, match="JSON path"):
        parse_json_path(path)
