"""Limits that the edge keeps: batches, and operations a minute by role, session variable and address."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from edge_kit import SECRET, Edge, Got, MakeEdge, RecordingAnswers
from redis.asyncio import Redis

from commons.addresses import origin, parse_networks
from gql_gen.http.rates import LocalCounts, Rates, wait_for
from gql_gen.http.types import AuthSettings, HttpSettings
from gql_gen.rules.types import LimitRules, RateRule
from gql_gen.session import Caller

OPEN = AuthSettings(admin_secret=SECRET, unauthorized_role="visitor")
ADMIN = {"x-hasura-admin-secret": SECRET}


@pytest.fixture
def limited(edge: MakeEdge) -> Any:
    """Builds an edge under limits of every role but admin."""

    def make(limits: LimitRules, **http: Any) -> Edge:
        return edge(OPEN, HttpSettings(**http), RecordingAnswers(limited=limits))

    return make


def user(name: str) -> dict[str, str]:
    return {**ADMIN, "x-hasura-role": "user", "x-hasura-user-id": name}


async def statuses(edge: Edge, count: int, headers: dict[str, str] | None = None) -> list[int]:
    return [(await edge.ask(headers)).status for _ in range(count)]


# ---------------------------------------------------------------- batches


async def test_a_batch_holds_as_many_operations_as_the_role_may_send(limited: Any) -> None:
    edge = limited(LimitRules(batch=2))
    assert (await edge.post([{"query": "{ a }"}] * 2)).status == 200
    got = await edge.post([{"query": "{ a }"}] * 3)
    assert (got.status, got.code, got.message) == (400, "batch-limit-exceeded", "batch limit of 2 exceeded")
    assert len(edge.answers.asks) == 2
    assert (await edge.post([{"query": "{ a }"}] * 300, ADMIN)).status == 200


# ---------------------------------------------------------------- rates at the edge


async def test_more_than_the_rate_is_refused_with_the_time_to_wait(limited: Any) -> None:
    edge = limited(LimitRules(rate=RateRule(3)))
    assert await statuses(edge, 3) == [200] * 3
    got: Got = await edge.ask()
    assert (got.status, got.code, got.message) == (429, "rate-limit-exceeded", "rate limit of 3 exceeded")
    assert 1 <= int(got.headers["retry-after"]) <= 120
    assert len(edge.answers.asks) == 3


async def test_every_operation_of_a_batch_counts_and_what_is_refused_does_not(limited: Any) -> None:
    edge = limited(LimitRules(rate=RateRule(5)))
    assert (await edge.post([{"query": "{ a }"}] * 6)).status == 429
    assert (await edge.post([{"query": "{ a }"}] * 4)).status == 200
    assert await statuses(edge, 2) == [200, 429]


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"query": 5}', b"[" + b'{"query": "{ a }"},' * 9 + b'{"query": "{ a }"}]']
)
async def test_what_cannot_be_read_counts_as_one(limited: Any, body: bytes) -> None:
    edge = limited(LimitRules(batch=9, rate=RateRule(2)))
    assert [(await edge.post(body)).status for _ in range(3)] == [400, 400, 429]
    assert await statuses(edge, 1) == [429]


async def test_no_rate_binds_admin(limited: Any) -> None:
    edge = limited(LimitRules(rate=RateRule(1)))
    assert await statuses(edge, 3, ADMIN) == [200] * 3


async def test_without_a_variable_the_whole_role_counts_together_and_roles_apart(limited: Any) -> None:
    edge = limited(LimitRules(rate=RateRule(1)))
    assert await statuses(edge, 1, user("1")) == [200]
    assert await statuses(edge, 1, user("2")) == [429]
    assert await statuses(edge, 1) == [200]


async def test_with_a_variable_each_value_counts_apart(limited: Any) -> None:
    edge = limited(LimitRules(rate=RateRule(1, ("x-hasura-user-id",))))
    assert await statuses(edge, 2, user("1")) == [200, 429]
    assert await statuses(edge, 2, user("2")) == [200, 429]
    assert await statuses(edge, 2, {**ADMIN, "x-hasura-role": "user"}) == [200, 429]


async def test_by_ip_each_address_counts_apart(limited: Any) -> None:
    edge = limited(LimitRules(rate=RateRule(1, ("ip",))))
    for address in ("192.0.2.1", "192.0.2.2"):
        edge.client = (address, 1)
        assert await statuses(edge, 2, {"x-forwarded-for": f"198.51.100.{address[-1]}"}) == [200, 429]


async def test_parallel_requests_do_not_slip_through(limited: Any) -> None:
    """CVE-2024-4629: attempts at the same moment were each let in."""
    edge = limited(LimitRules(rate=RateRule(10)))
    got = await asyncio.gather(*(edge.ask() for _ in range(40)))
    assert sorted(each.status for each in got) == [200] * 10 + [429] * 30


async def test_another_path_and_another_way_of_asking_are_counted_with_the_rest(limited: Any) -> None:
    """GHSA-x732-6j76-qmhm and CVE-2026-9798: limits that a doubled slash or another door went around."""
    edge = limited(LimitRules(rate=RateRule(2)))
    assert await statuses(edge, 1) == [200]

    async def status(method: str, path: str, query: bytes = b"") -> int:
        json = {"content-type": "application/json"}
        got: Got = await edge.send(method, path, json, (b'{"query": "{ a }"}',), query)
        return got.status

    assert await status("POST", "/v1beta1/relay") == 200
    for path in ("/v1/graphql", "/v1beta1/relay"):
        assert [await status("POST", path), await status("GET", path, b"query={a}")] == [429, 429]
    assert [await status("POST", path) for path in ("//v1/graphql", "/v1/graphql/", "/v1/../v1/graphql")] == [404] * 3
    assert len(edge.answers.asks) == 2


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.7", None, "192.0.2.7"),
        ("192.0.2.7", "203.0.113.1", "192.0.2.7"),
        ("10.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.1", "203.0.113.1"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.1, 10.0.0.2", "203.0.113.1"),
        ("10.0.0.1", "not an address", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.1, evil, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("::ffff:192.0.2.7", None, "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", None, "2001:db8:1:2::/64"),
        ("fe80::1%eth0", None, "fe80::/64"),
        ("testclient", None, "unknown"),
    ],
)
def test_only_trusted_proxies_are_believed_and_households_count_together(
    peer: str, forwarded: str | None, found: str
) -> None:
    """CVE-2026-45364: whoever had one IPv6 address had limits without end."""
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    scope = {"client": (peer, 1), "headers": headers}
    assert origin(scope, parse_networks("10.0.0.0/8, 127.0.0.1")) == found


def test_a_request_from_a_local_socket_has_no_address() -> None:
    assert origin({"client": None, "headers": []}, ()) == "unknown"


# ---------------------------------------------------------------- counting


class Clock:
    now = 6_000.0

    def __call__(self) -> float:
        return self.now


def test_the_last_minute_counts_as_much_as_still_lies_within_sixty_seconds() -> None:
    clock = Clock()
    counts = LocalCounts(clock)
    assert [counts.take(("user",), 10, 1) > 0 for _ in range(11)] == [False] * 10 + [True]
    clock.now += 90
    assert [counts.take(("user",), 10, 1) > 0 for _ in range(6)] == [False] * 5 + [True]
    clock.now += 600
    assert counts.take(("user",), 10, 10) == 0


@pytest.mark.parametrize(("most", "sent", "after"), [(10, 10, 0.0), (10, 10, 59.5), (7, 7, 20.0), (1, 1, 31.0)])
def test_who_waits_as_long_as_told_is_let_in(most: int, sent: int, after: float) -> None:
    clock = Clock()
    counts = LocalCounts(clock)
    clock.now += after
    assert counts.take(("user",), most, sent) == 0
    wait = counts.take(("user",), most, 1)
    clock.now += wait
    assert 0 < wait <= 120
    assert counts.take(("user",), most, 1) == 0


def test_more_at_once_than_a_minute_s_worth_is_never_let_in() -> None:
    assert wait_for(0, 0, 5.0, 3, 4) == 60


def test_counting_costs_the_same_however_many_callers_there_are() -> None:
    counts = LocalCounts()
    began = time.perf_counter()
    for number in range(20_000):
        counts.take(("user", str(number)), 100, 1)
    assert time.perf_counter() - began < 2


# ---------------------------------------------------------------- counting together, in Redis


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """The address of a Redis (or Valkey) of this module's own."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("neither redis-server nor valkey-server is installed")
    port = _free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _await_port(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _await_port(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("Redis did not start")


RULE = RateRule(5, ("x-hasura-user-id",))
SCOPE = {"client": ("192.0.2.1", 1), "headers": []}


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
async def test_processes_count_together(redis_url: str, scheme: str) -> None:
    address = redis_url.replace("redis://", f"{scheme}://")
    here, there = Rates(address), Rates(address)
    caller = Caller("user", {"x-hasura-user-id": scheme})
    try:
        waits = [await rates.take(RULE, caller, SCOPE, 1) for rates in (here, there) * 4]
        assert [wait > 0 for wait in waits] == [False] * 5 + [True] * 3
        assert all(wait <= 120 for wait in waits)
        assert await there.take(RULE, Caller("user", {"x-hasura-user-id": f"not {scheme}"}), SCOPE, 5) == 0
    finally:
        await here.close()
        await there.close()


async def test_what_is_stored_names_nobody(redis_url: str) -> None:
    rates = Rates(redis_url)
    try:
        await rates.take(RULE, Caller("user", {"x-hasura-user-id": "jane@example.com"}), SCOPE, 1)
        async with Redis.from_url(redis_url) as client:
            keys = await client.keys()
    finally:
        await rates.close()
    assert any(b"usher" in key for key in keys)
    assert not any(b"jane" in key for key in keys)


async def test_without_its_storage_a_process_counts_for_itself() -> None:
    clock = Clock()
    rates = Rates(f"redis://127.0.0.1:{_free_port()}", clock=clock)
    caller = Caller("user", {"x-hasura-user-id": "1"})
    try:
        waits = [await rates.take(RULE, caller, SCOPE, 1) for _ in range(6)]
    finally:
        await rates.close()
    assert [wait > 0 for wait in waits] == [False] * 5 + [True]
