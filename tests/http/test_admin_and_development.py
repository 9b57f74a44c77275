"""The admin secret, the unauthorized role, and the development mode that needs neither."""

from __future__ import annotations

import pytest
from edge_kit import SECRET, MakeEdge

from gql_gen.http.types import AuthSettings

ADMIN = {"x-hasura-admin-secret": SECRET}


async def test_the_admin_secret_makes_an_admin(edge: MakeEdge) -> None:
    house = edge()
    assert (await house.ask(ADMIN)).status == 200
    assert (house.caller.role, house.caller.is_backend) == ("admin", False)
    assert dict(house.caller.variables) == {"x-hasura-role": "admin"}


async def test_the_old_name_of_the_admin_secret_is_accepted(edge: MakeEdge) -> None:
    house = edge()
    await house.ask({"X-Hasura-Access-Key": SECRET})
    assert house.caller.role == "admin"


async def test_beside_the_admin_secret_role_and_variables_come_from_headers(edge: MakeEdge) -> None:
    house = edge()
    await house.ask({**ADMIN, "X-Hasura-Role": "user", "X-Hasura-User-Id": "7", "X-Other": "no"})
    assert house.caller.role == "user"
    assert dict(house.caller.variables) == {"x-hasura-role": "user", "x-hasura-user-id": "7"}


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("TRUE", True), ("false", False), ("1", False)])
async def test_backend_only_permissions_are_asked_for_beside_the_admin_secret(
    edge: MakeEdge, value: str, expected: bool
) -> None:
    house = edge()
    await house.ask({**ADMIN, "x-hasura-use-backend-only-permissions": value})
    assert house.caller.is_backend is expected


@pytest.mark.parametrize("wrong", ["", "an admin secre", SECRET + "x", SECRET.upper(), "sécret"])
async def test_a_wrong_admin_secret_never_falls_back_to_the_unauthorized_role(edge: MakeEdge, wrong: str) -> None:
    house = edge(AuthSettings(admin_secret=SECRET, unauthorized_role="visitor"))
    got = await house.ask({"x-hasura-admin-secret": wrong})
    assert (got.status, got.code) == (200, "access-denied")
    assert got.message == 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"'
    assert house.answers.asks == []


async def test_without_credentials_and_without_an_unauthorized_role_nothing_is_answered(edge: MakeEdge) -> None:
    got = await edge().ask()
    assert got.code == "access-denied"
    assert got.message == "x-hasura-admin-secret/x-hasura-access-key required, but not found"


async def test_a_refused_caller_is_told_by_status_when_he_reads_statuses(edge: MakeEdge) -> None:
    assert (await edge().ask({"accept": "application/graphql-response+json"})).status == 401


async def test_the_unauthorized_role_carries_none_of_the_callers_variables(edge: MakeEdge) -> None:
    house = edge(AuthSettings(admin_secret=SECRET, unauthorized_role="visitor"))
    await house.ask(
        {"X-Hasura-Role": "admin", "X-Hasura-User-Id": "7", "X-Hasura-Use-Backend-Only-Permissions": "true"}
    )
    assert (house.caller.role, house.caller.is_backend) == ("visitor", False)
    assert dict(house.caller.variables) == {"x-hasura-role": "visitor"}


def test_the_admin_secret_does_not_show_in_a_representation() -> None:
    assert SECRET not in repr(AuthSettings(admin_secret=SECRET))


async def test_without_any_secret_this_machine_is_admin(edge: MakeEdge) -> None:
    house = edge(AuthSettings())
    assert (await house.ask()).status == 200
    assert house.caller.role == "admin"


async def test_without_any_secret_role_and_variables_come_from_headers(edge: MakeEdge) -> None:
    house = edge(AuthSettings())
    await house.ask({"x-hasura-role": "user", "x-hasura-user-id": "7", "x-hasura-use-backend-only-permissions": "true"})
    assert (house.caller.role, house.caller.variables["x-hasura-user-id"]) == ("user", "7")
    assert house.caller.is_backend


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://localhost:3000"},
        {"origin": "https://127.0.0.1"},
        {"origin": "http://[::1]:5173"},
        {"origin": "http://app.localhost:1234"},
        {"host": "127.0.0.1:8080"},
        {"host": "[::1]:8080"},
        {"host": "localhost"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    ],
)
async def test_without_any_secret_local_pages_are_answered(edge: MakeEdge, headers: dict[str, str]) -> None:
    got = await edge(AuthSettings()).ask(headers)
    assert got.status == 200
    assert got.headers.get("access-control-allow-origin") == headers.get("origin")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example"},
        {"origin": "http://localhost@evil.example"},
        {"origin": "http://evil.example#localhost"},
        {"origin": "file://localhost"},
        {"origin": ""},
        {"host": "evil.example"},
        {"host": "rebound.example:8080"},
        {"host": "localhost.evil.example"},
        {"host": "evil.example/@localhost"},
        {"host": "127.0.0.1.evil.example"},
        {"host": ""},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"x-forwarded-for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "OPTIONS"])
async def test_without_any_secret_foreign_pages_and_proxies_are_refused(
    edge: MakeEdge, method: str, headers: dict[str, str]
) -> None:
    house = edge(AuthSettings())
    got = await house.send(
        method, headers={"content-type": "application/json", **headers}, chunks=(b'{"query":"{a}"}',)
    )
    assert (got.status, got.code, house.answers.asks) == (403, "access-denied", [])
    assert not any(name.startswith("access-control-") for name in got.headers)


@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.1.2", "2001:db8::1", "0.0.0.0", "::ffff:10.0.0.7", "", None])
async def test_without_any_secret_other_machines_are_refused(edge: MakeEdge, address: str | None) -> None:
    house = edge(AuthSettings())
    house.client = None if address is None else (address, 1)
    assert (await house.ask()).status == 403


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
async def test_every_form_of_the_loopback_address_is_this_machine(edge: MakeEdge, address: str) -> None:
    house = edge(AuthSettings())
    house.client = (address, 1)
    assert (await house.ask()).status == 200


async def test_with_an_admin_secret_origin_and_address_do_not_matter(edge: MakeEdge) -> None:
    house = edge()
    house.client = ("10.0.0.7", 1)
    got = await house.ask({**ADMIN, "origin": "https://app.example", "host": "api.example"})
    assert (got.status, got.headers["access-control-allow-origin"]) == (200, "https://app.example")


async def test_a_socket_from_elsewhere_is_closed(edge: MakeEdge) -> None:
    house = edge(AuthSettings())
    sent = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None:
        sent.append(message)

    scope = {**house.scope("GET", "/v1/graphql", {"origin": "https://evil.example"}), "type": "websocket"}
    await house.app(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
