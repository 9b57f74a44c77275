"""Limits by client address, over HTTP: AUTH_RATE_LIMIT_ENABLE=true."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import asyncpg
import httpx
import pytest
from auth_kit import AuthServer, Serve, new_address, refused

ON = {"AUTH_RATE_LIMIT_ENABLE": "true", "AUTH_TRUSTED_PROXIES": "127.0.0.1"}
FORWARDED = "X-Forwarded-For"


async def ask(server: AuthServer, address: str, path: str = "/signin/pat", **body: Any) -> httpx.Response:
    """A request that is refused cheaply, from an address that the trusted proxy tells."""
    return await server.post(path, body, **{FORWARDED: address})


async def admitted(server: AuthServer, address: str, path: str = "/signin/pat", requests: int = 14) -> int:
    answers = await asyncio.gather(*(ask(server, address, path) for _ in range(requests)))
    return sum(answer.status_code != 429 for answer in answers)


@pytest.fixture(autouse=True)
async def fresh_counters(sql: asyncpg.Connection) -> None:
    await sql.execute("truncate auth_engine.counters")


async def test_the_answer_to_one_too_many(serve: Serve) -> None:
    server = await serve(**ON, AUTH_RATE_LIMIT_BRUTE_FORCE_BURST="2")
    assert await admitted(server, "192.0.2.1", requests=2) == 2
    answer = await ask(server, "192.0.2.1")
    assert refused(answer, 429, "too-many-requests")
    assert answer.json()["message"] == "Too many requests"
    assert 1 <= int(answer.headers["retry-after"]) <= 600
    assert (await ask(server, "192.0.2.2")).status_code != 429


async def test_a_parallel_burst_over_two_engines_passes_exactly_the_burst_and_a_restart_forgets_nothing(
    serve: Serve,
) -> None:
    here, there = await serve(**ON), await serve(**ON)
    asked = [ask(server, "192.0.2.3") for server in (here, there) * 15]
    answers = await asyncio.gather(*asked)
    assert sum(answer.status_code != 429 for answer in answers) == 10
    assert await admitted(await serve(**ON), "192.0.2.3") == 0
    # A counter belongs to its burst and interval.
    assert await admitted(await serve(**ON, AUTH_RATE_LIMIT_BRUTE_FORCE_INTERVAL="6m"), "192.0.2.3") == 10


async def test_every_matching_bucket_counts(serve: Serve) -> None:
    server = await serve(**ON, AUTH_RATE_LIMIT_EMAIL_BURST="4")
    assert await admitted(server, "192.0.2.4", "/signin/passwordless/email", 8) == 4
    # What the bucket of mails refused was counted by that of brute force, which had room; resets share the mails'.
    assert await admitted(server, "192.0.2.4", "/user/password/reset", 2) == 0
    assert await admitted(server, "192.0.2.4", "/signin/pat") == 2


async def test_global_counts_all_paths_unknown_ones_escaped_ones_and_doubled_slashes_too(serve: Serve) -> None:
    server = await serve(**ON, AUTH_RATE_LIMIT_GLOBAL_BURST="5")
    for path in ("/nowhere", "//signin/email-password", "/signin%2Femail-password", "/version", "/token"):
        answer = await server.get(path, **{FORWARDED: "192.0.2.5"})
        assert answer.status_code in (200, 404), path
    assert (await server.get("/version", **{FORWARDED: "192.0.2.5"})).status_code == 429
    refused(await ask(server, "192.0.2.5", "//signin/email-password"), 429, "too-many-requests")


async def test_health_and_preflights_are_never_limited(serve: Serve) -> None:
    server = await serve(**ON, AUTH_RATE_LIMIT_GLOBAL_BURST="1", AUTH_API_PREFIX="/v1")
    for _ in range(5):
        for path in ("/healthz", "/v1/healthz", "/readyz"):
            assert (await server.get(path)).status_code == 200
        assert (await server.client.options("/v1/signin/pat")).status_code == 204
        assert (await server.client.head("/healthz")).status_code == 200
    assert (await server.get("/v1/version")).status_code == 200
    assert (await server.get("/v1/version")).status_code == 429


async def test_a_prefix_hides_no_route_from_its_bucket(serve: Serve) -> None:
    server = await serve(**ON, AUTH_API_PREFIX="/v1", AUTH_RATE_LIMIT_BRUTE_FORCE_BURST="3")
    assert await admitted(server, "192.0.2.6", "/v1/signin/pat", 5) == 3


async def test_ipv6_neighbours_are_one_client_and_mapped_ipv4_is_ipv4(serve: Serve) -> None:
    server = await serve(**ON)
    neighbours = [f"2001:db8:1:2::{number:x}" for number in range(1, 15)]
    answers = [await ask(server, each) for each in neighbours]
    assert sum(answer.status_code != 429 for answer in answers) == 10
    assert (await ask(server, "2001:db8:1:3::1")).status_code != 429
    assert await admitted(server, "::ffff:192.0.2.7", requests=5) == 5
    assert await admitted(server, "192.0.2.7", requests=10) == 5


@pytest.mark.parametrize("proxies", ["", "10.0.0.0/8"])
async def test_an_untrusted_socket_s_forwarded_address_is_not_believed(serve: Serve, proxies: str) -> None:
    server = await serve(**{**ON, "AUTH_TRUSTED_PROXIES": proxies})
    answers = [await ask(server, f"192.0.2.{number}") for number in range(100, 114)]
    assert sum(answer.status_code != 429 for answer in answers) == 10


async def test_what_a_visitor_writes_before_the_proxy_s_word_counts_for_nothing(serve: Serve) -> None:
    server = await serve(**ON)
    answers = [await ask(server, f"198.51.100.{number}, 192.0.2.8, 127.0.0.1") for number in range(1, 15)]
    assert sum(answer.status_code != 429 for answer in answers) == 10


async def test_unset_no_address_is_limited_nothing_is_asked_and_one_line_says_so(
    serve: Serve, sql: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        server = await serve(AUTH_RATE_LIMIT_GLOBAL_BURST="1", AUTH_RATE_LIMIT_BRUTE_FORCE_BURST="1")
    assert caplog.text.count("AUTH_RATE_LIMIT_ENABLE is not set") == 1
    assert await admitted(server, "192.0.2.9") == 14
    assert await sql.fetchval("select count(*) from auth_engine.counters") == 0


async def test_false_only_codes_are_limited(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(
        AUTH_RATE_LIMIT_ENABLE="false", AUTH_RATE_LIMIT_ACCOUNT="1/1h", AUTH_RATE_LIMIT_RECIPIENT="1/1h"
    )
    address = new_address()
    answers = [await server.sign_in(address, "wrong") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {401}
    assert [await server.engine.kit.limits.may_mail(address) for _ in range(3)] == [True] * 3
    assert await sql.fetchval("select count(*) from auth_engine.counters") == 0


async def test_recipients_are_counted_atomically_in_any_spelling(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve()
    limits = server.engine.kit.limits
    address, number = new_address(), "+4915112345678"
    sent = await asyncio.gather(*(limits.may_mail(address.upper() if odd % 2 else address) for odd in range(30)))
    assert sum(sent) == 10
    spellings = (number, "0049 151 12345678", "+49-151-12345678")
    assert sum([await limits.may_mail(spellings[turn % 3]) for turn in range(15)]) == 10
    keys = "".join(row[0] for row in await sql.fetch("select key from auth_engine.counters"))
    assert address not in keys
    assert number not in keys
