"""WIP"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest
import pytest_asyncio
from auth_kit import Mailbox, query_of
from matrix_kit import World
from matrix_requests import GOOD, NEWCOMER
from provider_stub import ProviderStub

from auth_engine.http.table import ROUTES


@pytest_asyncio.fixture(scope="module")
async def whole(auth_database: str, smtp: Mailbox) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        stub = stack.enter_context(ProviderStub.open())
        sql = await asyncpg.connect(auth_database)
        stack.push_async_callback(sql.close)
        await sql.execute("create table public.bills (user_id uuid references auth.users (id))")
        yield World(auth_database, sql, stub, smtp, stack)


@pytest.fixture
def world(whole: World) -> World:
    whole.stub.clear()
    return whole


async def succeeds(world: World, route: str, request) -> None:
    answer = await world.ask(route, await request(world))
    assert answer.status_code in (200, 302, 303), answer.text
    assert "error" not in query_of(answer.headers.get("location", ""))


@pytest.mark.parametrize("route", [f"{route.method} {route.path}" for route in ROUTES])
async def test_the_request_that_refusals_are_made_of_is_good(world: World, route: str) -> None:
    await succeeds(world, route, GOOD[route])


@pytest.mark.parametrize("route", NEWCOMER)
async def test_so_is_a_newcomer_s(world: World, route: str) -> None:
    await succeeds(world, route, NEWCOMER[route])


from matrix_cases import shared_cases, CODES
from matrix_own_cases import OWN
from auth_kit import refused
CASES = [*shared_cases(), *OWN]


def test_every_refusal_of_every_route_has_a_case() -> None:
    wanted = {(name, code.name) for name, codes in CODES.items() for code in codes}
    found = {(case.route, case.code.name) for case in CASES}
    assert found == wanted, (sorted(wanted-found), sorted(found-wanted))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_refused(world: World, case) -> None:
    ask = await case.request(world)
    await world.server(case.on)
    before, queued = await world.look(), await world.mails()
    answer = await world.ask(case.route, ask, case.on)
    after = await world.look()
    assert refused(answer, case.code.refusal.status, case.code.refusal.code)
    assert answer.json()["message"] == case.code.refusal.message
    assert {table for table in after if after[table] != before[table]} == case.changes
    assert await world.mails() <= queued
