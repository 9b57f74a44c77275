"""Failed sign-ins per account: no burst slips through, no way ignores them, and no stranger shuts the owner out."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import httpx
import pyotp
import pytest
from auth_kit import PASSWORD, AuthServer, Serve, link_of, new_address, refused

from auth_engine.core.errors import Code, Refused

BEHIND_PROXY = {"AUTH_TRUSTED_PROXIES": "127.0.0.1"}
HOME, ELSEWHERE = "192.0.2.10", "198.51.100.1"


async def sign_in(server: AuthServer, address: str, password: str, source: str = ELSEWHERE) -> httpx.Response:
    body = {"email": address, "password": password}
    return await server.post("/signin/email-password", body, **{"X-Forwarded-For": source})


async def sign_up(server: AuthServer, source: str = HOME) -> str:
    """A user who opened a session from there."""
    address = new_address()
    body = {"email": address, "password": PASSWORD}
    assert (await server.post("/signup/email-password", body, **{"X-Forwarded-For": source})).status_code == 200
    return address


async def spray(server: AuthServer, address: str, attempts: int, source: str | None = None) -> list[int]:
    """Wrong passwords at once, each from an address of its own unless one is given."""
    asked = [sign_in(server, address, "wrong", source or f"203.0.113.{number % 250}") for number in range(attempts)]
    return [answer.status_code for answer in await asyncio.gather(*asked)]


@pytest.fixture
async def server(serve: Serve) -> AuthServer:
    return await serve(**BEHIND_PROXY, AUTH_RATE_LIMIT_ACCOUNT="5/5m")


async def test_a_hundred_guesses_at_once_over_two_engines_try_no_more_than_the_limit(serve: Serve) -> None:
    engines = [await serve(**BEHIND_PROXY, AUTH_PASSWORD_QUEUE="500") for _ in range(2)]
    address = await sign_up(engines[0])
    statuses = await asyncio.gather(*(spray(engine, address, 50) for engine in engines))
    assert sorted(statuses[0] + statuses[1]) == [401] * 20 + [429] * 80


async def test_known_and_unknown_accounts_are_stopped_alike_whatever_the_case(server: AuthServer) -> None:
    known, unknown = await sign_up(server), new_address()
    for address in (known, unknown):
        for number in range(5):
            spelling = address.upper() if number % 2 else address
            assert (await sign_in(server, spelling, "wrong")).status_code == 401
        answer = await sign_in(server, address, PASSWORD)
        assert refused(answer, 429, "too-many-requests")
        assert int(answer.headers["retry-after"]) >= 1


async def test_right_passwords_are_not_counted(server: AuthServer) -> None:
    address = await sign_up(server)
    for number in range(8):
        assert (await sign_in(server, address, PASSWORD, f"198.51.100.{number}")).status_code == 200


async def test_a_right_password_of_a_disabled_user_and_a_full_queue_are_no_failures(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    address = await sign_up(server)
    await sql.execute("update auth.users set disabled = true where email::text = $1", address)
    assert [(await sign_in(server, address, PASSWORD)).json()["error"] for _ in range(7)] == ["disabled-user"] * 7

    async def busy(*_: object) -> bool:
        raise Refused(Code.BUSY)

    server.engine.kit.passwords.matches = busy  # type: ignore[method-assign,assignment]
    assert {(await sign_in(server, address, PASSWORD)).status_code for _ in range(7)} == {503}


async def test_a_stranger_s_spray_stops_strangers_but_not_the_owner_at_home(server: AuthServer) -> None:
    address = await sign_up(server)
    assert sorted(await spray(server, address, 12)) == [401] * 5 + [429] * 7
    # The right password from a new place is not looked at any more, but where the owner signed in before it is.
    assert (await sign_in(server, address, PASSWORD, ELSEWHERE)).status_code == 429
    assert (await sign_in(server, address, PASSWORD, HOME)).status_code == 200
    assert (await sign_in(server, address, "mistyped", HOME)).status_code == 401
    assert (await sign_in(server, address, PASSWORD, HOME)).status_code == 200


async def test_whoever_shares_the_owner_s_address_has_the_same_limit_there(server: AuthServer) -> None:
    address = await sign_up(server)
    assert sorted(await spray(server, address, 12, HOME)) == [401] * 5 + [429] * 7
    # The counter of that source is full; that of the account has not been touched.
    assert (await sign_in(server, address, PASSWORD, ELSEWHERE)).status_code == 200


async def test_a_place_where_others_signed_in_is_not_known_for_this_account(server: AuthServer) -> None:
    mine, _ = await sign_up(server, HOME), await sign_up(server, ELSEWHERE)
    await spray(server, mine, 5)
    assert (await sign_in(server, mine, PASSWORD, ELSEWHERE)).status_code == 429


async def test_a_failed_sign_in_makes_no_place_known(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = await sign_up(server)
    before = await sql.fetchval("select count(*) from auth_engine.known_sources")
    await spray(server, address, 6)
    assert await sql.fetchval("select count(*) from auth_engine.known_sources") == before


async def test_what_is_known_of_places_names_none_and_goes_with_the_user(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    address = await sign_up(server)
    query = (
        "select source from auth_engine.known_sources k join auth.users u on u.id = k.user_id where u.email::text = $1"
    )
    sources = [row[0] for row in await sql.fetch(query, address)]
    assert len(sources) == 1
    assert HOME not in sources[0]
    await sql.execute("delete from auth.users where email::text = $1", address)
    assert await sql.fetchval("select count(*) from auth_engine.known_sources where source = $1", sources[0]) == (
        await sql.fetchval(
            "select count(*) from auth_engine.known_sources k join auth.users u on u.id = k.user_id where source = $1",
            sources[0],
        )
    )


async def test_a_known_place_is_forgotten_after_half_a_year(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = await sign_up(server)
    await sql.execute("update auth_engine.known_sources set seen_at = now() - interval '7 months'")
    await server.engine.sweeper.sweep()
    await spray(server, address, 5)
    assert (await sign_in(server, address, PASSWORD, HOME)).status_code == 429


async def test_a_sprayed_owner_still_gets_in_by_a_mailed_link(serve: Serve) -> None:
    server = await serve(**BEHIND_PROXY, AUTH_RATE_LIMIT_ACCOUNT="5/5m")
    address = await sign_up(server)
    await spray(server, address, 8)
    assert (await sign_in(server, address, PASSWORD, ELSEWHERE)).status_code == 429
    answer = await server.post("/user/password/reset", {"email": address}, **{"X-Forwarded-For": ELSEWHERE})
    assert answer.status_code == 200
    link = link_of(server.mailbox.last(address)).removeprefix("http://auth.test")
    landed = await server.get(link, **{"X-Forwarded-For": ELSEWHERE})
    assert "refreshToken=" in landed.headers["location"]
    # Having signed in there, the owner may use the password there too.
    assert (await sign_in(server, address, PASSWORD, ELSEWHERE)).status_code == 200


# ---------------------------------------------------------------- other ways to guess


async def test_mailed_codes_count_for_the_same_account(serve: Serve) -> None:
    server = await serve(**BEHIND_PROXY, AUTH_RATE_LIMIT_ACCOUNT="5/5m", AUTH_OTP_EMAIL_ENABLED="true")
    address = await sign_up(server)
    await spray(server, address, 3)
    guess = {"email": address, "otp": "000000"}
    statuses = [
        (
            await server.post("/signin/otp/email/verify", guess, **{"X-Forwarded-For": f"198.51.100.{number}"})
        ).status_code
        for number in range(4)
    ]
    assert statuses == [401, 401, 429, 429]
    assert (await sign_in(server, address, PASSWORD)).status_code == 429


async def test_whatever_is_typed_for_a_number_is_counted_and_breaks_nothing(server: AuthServer) -> None:
    async def guess(typed: str) -> bool:
        try:
            async with server.engine.kit.limits.attempt(typed, HOME) as attempt:
                attempt.failed()
        except Refused:
            return False
        return True

    # What has no digits is nobody's number: one counter for all of it.
    assert [await guess(typed) for typed in ("@", "a@", "\u0660", "' or true --", "\N{PILE OF POO}")] == [True] * 5
    assert not await guess("something else")
    spellings = ("+49 151 12345678", "004915112345678", "+4915112345678", "+49-151-12345678", "(+49)15112345678")
    assert [await guess(typed) for typed in spellings] == [True] * 5
    assert not await guess("+49/151/12345678")


async def test_who_knows_the_password_cannot_guess_the_second_factor_from_many_places(
    serve: Serve, sql: asyncpg.Connection
) -> None:
    server = await serve(**BEHIND_PROXY, AUTH_RATE_LIMIT_ACCOUNT="6/5m", AUTH_MFA_ENABLED="true")
    address = await sign_up(server)
    secret = await _enrol(server, address)
    known = await sql.fetchval("select count(*) from auth_engine.known_sources")
    statuses = []
    for number in range(8):
        place = {"X-Forwarded-For": f"198.51.100.{number}"}
        ticket = (await sign_in(server, address, PASSWORD, place["X-Forwarded-For"])).json()["mfa"]["ticket"]
        guess = {"ticket": ticket, "otp": _wrong(secret)}
        statuses.append((await server.post("/signin/mfa/totp", guess, **place)).status_code)
    assert statuses == [401] * 6 + [429] * 2
    # The right password alone made no place known.
    assert await sql.fetchval("select count(*) from auth_engine.known_sources") == known
    # The owner at home is not stopped, neither by these nor by a spray at the password.
    await spray(server, address, 8)
    ticket = (await sign_in(server, address, PASSWORD, HOME)).json()["mfa"]["ticket"]
    right = {"ticket": ticket, "otp": pyotp.TOTP(secret).now()}
    assert (await server.post("/signin/mfa/totp", right, **{"X-Forwarded-For": HOME})).status_code == 200


async def _enrol(server: AuthServer, address: str) -> str:
    token = (await sign_in(server, address, PASSWORD, HOME)).json()["session"]["accessToken"]
    secret: str = (await server.get("/mfa/totp/generate", token)).json()["totpSecret"]
    body = {"code": pyotp.TOTP(secret).now(), "activeMfaType": "totp"}
    assert (await server.post("/user/mfa", body, token)).status_code == 200
    return secret


def _wrong(secret: str) -> str:
    now = pyotp.TOTP(secret)
    right = {now.at(time.time() + shift) for shift in (-60, -30, 0, 30, 60)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in right)
