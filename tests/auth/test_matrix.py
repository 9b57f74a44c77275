"""Every route × every refusal that it may answer, asked over HTTP: the answer is exactly that one, and the database is
as it was. The table of routes says which refusals a route has (`refusals_of`), so a new route or code without a case
fails here. Auth contract §1 and §2.

How a case comes about: `matrix_requests` holds a request that succeeds for every route, and each case is such a request
after one change, so that nothing but the change is refused.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace

import asyncpg
import httpx
import pytest
import pytest_asyncio
from auth_kit import Mailbox, query_of, refused
from matrix_account_cases import OWN
from matrix_any_route import any_route_cases
from matrix_cases import CODES, shared_cases
from matrix_contract import HASURA_AUTH, REFUSALS
from matrix_kit import BY_NAME, CONCEALED, MAILS, Ask, Case, Request, World
from matrix_redirect_cases import REDIRECTED, REDIRECTS
from matrix_requests import GOOD, NEWCOMER
from provider_stub import ProviderStub

from auth_engine.core.errors import Code, Refusal
from auth_engine.http.route import Access

ANSWERS = (*any_route_cases(), *shared_cases(), *OWN)
CASES = (*ANSWERS, *REDIRECTS)
MAILED = frozenset(
    {"POST /signin/passwordless/email", "POST /signin/otp/email", "POST /user/email/send-verification-email"}
)
SIGN_UPS = frozenset({"POST /signup/email-password", "POST /signup/webauthn/verify"})
ROLES = frozenset({Code.ROLE_NOT_ALLOWED, Code.DEFAULT_ROLE_NOT_ALLOWED})


@pytest_asyncio.fixture(scope="module")
async def world(auth_database: str, smtp: Mailbox) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        stub = stack.enter_context(ProviderStub.open())
        sql = await asyncpg.connect(auth_database)
        stack.push_async_callback(sql.close)
        await sql.execute("create table public.bills (user_id uuid references auth.users (id))")
        yield World(auth_database, sql, stub, smtp, stack)


# ---------------------------------------------------------------- the requests


async def _succeeds(world: World, route: str, request: Request) -> None:
    await world.begin()
    answer = await world.ask(route, await request(world))
    assert answer.status_code in (200, 302, 303), answer.text
    assert "error" not in query_of(answer.headers.get("location", ""))


@pytest.mark.parametrize("route", BY_NAME)
async def test_the_request_that_refusals_are_made_of_succeeds(world: World, route: str) -> None:
    await _succeeds(world, route, GOOD[route])


@pytest.mark.parametrize("route", NEWCOMER)
async def test_so_does_that_of_a_newcomer(world: World, route: str) -> None:
    await _succeeds(world, route, NEWCOMER[route])


@pytest.mark.parametrize("route", [name for name, route in BY_NAME.items() if not (route.query or route.body)])
async def test_a_query_that_nobody_asked_for_is_not_looked_at(world: World, route: str) -> None:
    await world.begin()
    ask = await GOOD[route](world)
    answer = await world.ask(route, replace(ask, path=f"{ask.path}?x=%ff"))
    assert answer.status_code == 200, answer.text


# ---------------------------------------------------------------- the matrix is whole


def _pairs(codes: Iterable[tuple[str, Iterable[Code]]]) -> set[str]:
    return {f"{name}: {code.refusal.code}" for name, each in codes for code in each}


def _covered(cases: Iterable[Case]) -> set[str]:
    return _pairs((case.route, [case.code]) for case in cases)


def test_every_refusal_of_every_route_has_a_case() -> None:
    assert _covered(ANSWERS) == _pairs(CODES.items())


def test_every_refusal_that_a_redirect_tells_has_a_case() -> None:
    assert _covered(REDIRECTS) == _pairs(REDIRECTED.items())


def test_every_refusal_that_the_contract_names_has_a_case() -> None:
    wanted = {f"{name}: {code}" for name, codes in HASURA_AUTH.items() for code in codes}
    assert wanted - _covered(CASES) == set()


def test_codes_are_those_of_the_contract() -> None:
    """Status, message and what is concealed, to the letter."""
    ours = {code.refusal.code: code.refusal for code in Code}
    assert {name: ours[name] for name in REFUSALS} == {
        name: Refusal(name, status, message, concealed) for name, (status, message, concealed) in REFUSALS.items()
    }


def test_no_two_cases_are_one() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))


# ---------------------------------------------------------------- the matrix


def _is_refused(answer: httpx.Response, case: Case, refusal: Refusal) -> None:
    if not case.by_redirect:
        assert refused(answer, refusal.status, refusal.code)
        assert answer.json()["message"] == refusal.message
        assert ("retry-after" in answer.headers) is (refusal.status in (429, 503) and refusal.code != "unavailable")
        return
    assert answer.status_code in BY_NAME[case.route].redirects, (answer.status_code, answer.text)
    location = answer.headers["location"]
    assert location.startswith(("https://app.test/in?", "https://app.test?")), location
    told = query_of(location)
    assert (told["error"], told["errorDescription"]) == (refusal.code, refusal.message)
    assert not {"refreshToken", "mfaTicket"} & told.keys()


async def _asked(world: World, case: Case, on: str) -> httpx.Response:
    """The answer, after a look at what has changed."""
    await world.begin()
    await world.server(on)
    ask: Ask = await case.request(world)
    before = await world.look()
    answer = await world.ask(case.route, ask, on)
    # Where it is concealed that an address is taken, its owner is told by mail.
    is_told = case.code is Code.EMAIL_ALREADY_IN_USE and on != case.on
    assert await world.changed(before) - ({MAILS} if is_told else set()) == case.changes
    return answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_refused(world: World, case: Case) -> None:
    _is_refused(await _asked(world, case, case.on), case, case.code.refusal)


# ---------------------------------------------------------------- concealed

HIDDEN = tuple(case for case in CASES if case.code.refusal.concealed and BY_NAME[case.route].access is not Access.ADMIN)


def _like_success(case: Case) -> str | None:
    """The body of the answer where a refusal is answered as if there were none. Auth contract §10, "Concealment"."""
    if case.route in MAILED and case.code not in ROLES:
        return '"OK"'
    if case.route in SIGN_UPS and case.code is Code.EMAIL_ALREADY_IN_USE and case.on == "open":
        return "{}"
    return None


@pytest.mark.parametrize("case", HIDDEN, ids=lambda case: case.name)
async def test_concealed(world: World, case: Case) -> None:
    """AUTH_CONCEAL_ERRORS: what tells something about an account is `invalid-request`, in redirects too."""
    answer = await _asked(world, case, case.on + CONCEALED)
    like_success = _like_success(case)
    if like_success is None:
        _is_refused(answer, case, Code.INVALID_REQUEST.refusal)
    else:
        assert (answer.status_code, answer.text) == (200, like_success)


async def test_nothing_is_concealed_from_administrators(world: World) -> None:
    await world.begin()
    ask = await GOOD["POST /admin/users"](world)
    taken = ask.but(email=(await world.person()).email)
    assert refused(await world.ask("POST /admin/users", taken, f"open{CONCEALED}"), 409, "email-already-in-use")
