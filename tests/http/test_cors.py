"""Which pages may read answers."""

from __future__ import annotations

import pytest
from edge_kit import SECRET, MakeEdge

from gql_gen.http.cors import parse_cors_domain
from gql_gen.http.secret import parse_jwt_secret
from gql_gen.http.types import AuthSettings, HttpSettings

OPEN = AuthSettings(admin_secret=SECRET, unauthorized_role="visitor")
COOKIE = '{"type":"HS256","key":"0123456789abcdef0123456789abcdef","header":{"type":"Cookie","name":"t"}}'


@pytest.mark.parametrize(
    ("domain", "origin", "allowed"),
    [
        ("*", "https://any.example", True),
        ("https://app.example", "https://app.example", True),
        ("https://app.example", "HTTPS://APP.example", True),
        ("https://app.example", "http://app.example", False),
        ("https://app.example", "https://app.example:444", False),
        ("https://app.example", "https://app.example.evil", False),
        ("https://*.foo.com", "https://a.foo.com", True),
        ("https://*.foo.com", "https://foo.com", False),
        ("https://*.foo.com", "https://a.b.foo.com", False),
        ("https://*.foo.com", "https://afoo.com", False),
        ("https://*.foo.com", "https://a.fooxcom", False),
        ("https://*.foo.com", "https://evil.example/.foo.com", False),
        ("https://*.foo.com:8443", "https://a.foo.com:8443", True),
        ("http://localhost:3000, https://b.example", "http://localhost:3000", True),
        ("http://localhost:3000, https://b.example", "null", False),
    ],
)
async def test_an_origin_is_reflected_when_it_is_listed(
    edge: MakeEdge, domain: str, origin: str, allowed: bool
) -> None:
    got = await edge(OPEN, HttpSettings(cors=parse_cors_domain(domain))).ask({"origin": origin})
    assert got.status == 200
    assert got.headers.get("access-control-allow-origin") == (origin if allowed else None)
    assert (got.headers.get("access-control-allow-credentials") == "true") is allowed


async def test_a_preflight_is_answered_without_credentials(edge: MakeEdge) -> None:
    headers = {
        "origin": "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, authorization, x-hasura-role",
    }
    got = await edge().send("OPTIONS", headers=headers)
    assert (got.status, got.body) == (204, b"")
    assert got.headers["access-control-allow-origin"] == "https://app.example"
    assert got.headers["access-control-allow-headers"] == "content-type, authorization, x-hasura-role"
    assert "POST" in got.headers["access-control-allow-methods"]


async def test_a_preflight_echoes_no_odd_header_names(edge: MakeEdge) -> None:
    headers = {"origin": "https://app.example", "access-control-request-headers": "a: b"}
    got = await edge().send("OPTIONS", headers=headers)
    assert "access-control-allow-headers" not in got.headers


@pytest.mark.parametrize("domain", ["https://app.example", "*"])
async def test_pages_that_are_not_listed_get_no_header_in_the_preflight(edge: MakeEdge, domain: str) -> None:
    rules = parse_cors_domain(domain, disabled=domain == "*")
    got = await edge(OPEN, HttpSettings(cors=rules)).send("OPTIONS", headers={"origin": "https://other.example"})
    assert got.status == 204
    assert not any(name.startswith("access-control-") for name in got.headers)


async def test_errors_can_be_read_by_pages_too(edge: MakeEdge) -> None:
    got = await edge().ask({"origin": "https://app.example"})
    assert (got.code, got.headers["access-control-allow-origin"]) == ("access-denied", "https://app.example")


async def test_tokens_in_cookies_and_any_origin_do_not_go_together(edge: MakeEdge) -> None:
    auth = AuthSettings(admin_secret=SECRET, jwt_secrets=(parse_jwt_secret(COOKIE),))
    any_page = await edge(auth).ask({"origin": "https://evil.example"})
    assert "access-control-allow-credentials" not in any_page.headers
    listed = HttpSettings(cors=parse_cors_domain("https://app.example"))
    own_page = await edge(auth, listed).ask({"origin": "https://app.example"})
    assert own_page.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize("domain", ["", "app.example", "https://app.example/path", "https://*", "*, https://a.example"])
def test_a_domain_that_is_no_origin_is_an_error(domain: str) -> None:
    with pytest.raises(ValueError, match="CORS domain"):
        parse_cors_domain(domain)
