"""Fifty redemptions of one single-use thing in the same moment, over two processes: exactly one succeeds. Features A4,
A5, A9 and A10; auth contract §8 and §10. The limits are those that nobody set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pyotp
import pytest
import pytest_asyncio
from auth_kit import ADMIN_SECRET, PASSWORD, Mailbox, link_of, new_address, query_of, ticket_of
from authenticator_kit import Authenticator, amid_a_period, upcoming, wrong
from provider_stub import ProviderStub
from race_kit import Answer, Ask, Pair, at_once, get, one_won, process_settings, running, won

from auth_engine.store import boot as starts
from usher.postgres import EmbeddedPostgres

ADMIN = {"x-hasura-admin-secret": ADMIN_SECRET}
TAB = {"Origin": "https://app.test"}
WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
STARTS = 10


@pytest.fixture(scope="module")
def stub() -> Iterator[ProviderStub]:
    with ProviderStub.open() as stub:
        yield stub


def _settings(stub: ProviderStub, mailbox: Mailbox) -> dict[str, str]:
    provider = {
        "ENABLED": "true",
        "CLIENT_ID": "client",
        "CLIENT_SECRET": "a secret",
        "TOKEN_URL": f"{stub.url}/token",
        "USER_PROFILE_URL": f"{stub.url}/profile",
    }
    on = (
        "AUTH_EMAIL_PASSWORDLESS_ENABLED", "AUTH_OTP_EMAIL_ENABLED", "AUTH_SMS_PASSWORDLESS_ENABLED",
        "AUTH_MFA_ENABLED", "AUTH_WEBAUTHN_ENABLED", "AUTH_ANONYMOUS_USERS_ENABLED",
    )  # fmt: skip
    return {
        **process_settings(mailbox),
        **{f"AUTH_PROVIDER_DISCORD_{name}": value for name, value in provider.items()},
        **dict.fromkeys(on, "true"),
        "AUTH_SMS_PROVIDER": "dev",
        "AUTH_PG_CONNECTIONS": "10",
    }


@pytest.fixture(scope="module")
def database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """Empty: before they serve, the processes race for its schemas."""
    postgres.create_database("races")
    yield postgres.url("races")
    postgres.drop_database("races")


@pytest_asyncio.fixture(scope="module")
async def sql(database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="module")
async def both(
    database: str,
    sql: asyncpg.Connection,
    smtp: Mailbox,
    stub: ProviderStub,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Pair]:
    """Two processes, let off together with eight more starts when all ten stood before the empty database."""
    with running(database, tmp_path_factory.mktemp("races"), _settings(stub, smtp)) as processes:
        async with sql.transaction():
            await sql.execute("select pg_advisory_xact_lock($1)", starts._LOCK)
            others = [asyncio.create_task(starts.boot(database, ("user", "me"))) for _ in range(STARTS - 2)]
            while await sql.fetchval(WAITING) < STARTS:
                assert not any(each.done() for each in others)
                await asyncio.sleep(0.02)
        await asyncio.gather(*others)
        yield await Pair.of(processes, smtp)


async def _sessions(sql: asyncpg.Connection, user: str) -> int:
    """How many sessions somebody has; `user` is an address or an id."""
    count = "select count(*) from auth.refresh_tokens t join auth.users u on u.id = t.user_id"
    return int(await sql.fetchval(f"{count} where t.type = 'regular' and $1 in (u.email::text, u.id::text)", user))


async def _events(sql: asyncpg.Connection, user_id: str, event: str) -> int:
    count = "select count(*) from auth_engine.audit where user_id = $1::text::uuid and event = $2"
    return int(await sql.fetchval(count, user_id, event))


def _path(mail: Any) -> str:
    """Of the link in a mail."""
    return link_of(mail).removeprefix("http://auth.test")


# ---------------------------------------------------------------- starting


async def test_ten_engines_start_at_once_on_an_empty_database(both: Pair, sql: asyncpg.Connection) -> None:
    assert await sql.fetchval("select array_agg(version) from auth_engine.schema_version") == [1]
    assert await sql.fetchval("select array_agg(version) from auth.schema_migrations") == [18]
    assert await sql.fetchval("select count(*) from auth.roles where role in ('user', 'me', 'anonymous')") == 3
    for process in both.processes:
        assert "rror" not in process.said


# ---------------------------------------------------------------- mailed links


async def test_a_verification_link_verifies_once(both: Pair, sql: asyncpg.Connection) -> None:
    address = new_address()
    user_id = (await both.sign_up(address))["user"]["id"]
    mail = await both.mailed("/user/email/send-verification-email", address, {"email": address})
    one_won(await both.race(get(_path(mail))), "invalid-ticket")
    assert await _sessions(sql, address) == 2
    assert await _events(sql, user_id, "email-verified") == 1


async def test_a_magic_link_signs_in_once(both: Pair, sql: asyncpg.Connection) -> None:
    address = new_address()
    mail = await both.mailed("/signin/passwordless/email", address, {"email": address})
    winner = one_won(await both.race(get(_path(mail))), "invalid-ticket")
    assert await _sessions(sql, address) == 1
    token = query_of(winner.headers["location"])["refreshToken"]
    assert (await both.ask("/token", {"refreshToken": token})).status == 200


async def test_a_reset_link_and_its_ticket_are_one_thing(both: Pair, sql: asyncpg.Connection) -> None:
    """Half of the fifty open the link, half set a password by its ticket."""
    address = new_address()
    user_id = (await both.sign_up(address))["user"]["id"]
    mail = await both.mailed("/user/password/reset", address, {"email": address})
    body = {"newPassword": "the winner's password", "ticket": ticket_of(mail)}
    one_won(await both.race(get(_path(mail)), Ask("/user/password", body)), "invalid-ticket")
    changed = await _events(sql, user_id, "password-changed")
    assert await _sessions(sql, address) == 2 * (1 - changed)
    assert (await both.sign_in(address, "the winner's password" if changed else PASSWORD)).status == 200


async def test_a_reset_ticket_sets_one_password(both: Pair, sql: asyncpg.Connection) -> None:
    address = new_address()
    user_id = (await both.sign_up(address))["user"]["id"]
    mail = await both.mailed("/user/password/reset", address, {"email": address})
    bodies = [{"newPassword": f"password {number}", "ticket": ticket_of(mail)} for number in range(25)]
    answers = await both.race(*(Ask("/user/password", body) for body in bodies))
    one_won(answers, "invalid-ticket")
    number = next(number for number, answer in enumerate(answers) if won(answer)) // 2
    assert await _events(sql, user_id, "password-changed") == 1
    assert (await both.sign_in(address, f"password {number}")).status == 200


async def test_an_email_change_happens_once(both: Pair, sql: asyncpg.Connection) -> None:
    session, wanted = await both.sign_up(), new_address()
    mail = await both.mailed("/user/email/change", wanted, {"newEmail": wanted}, session["accessToken"])
    one_won(await both.race(get(_path(mail))), "invalid-ticket")
    assert await _events(sql, session["user"]["id"], "email-changed") == 1
    assert await _sessions(sql, wanted) == 2


async def test_an_invitation_is_accepted_once(both: Pair, sql: asyncpg.Connection) -> None:
    address = new_address()
    mail = await both.mailed("/admin/users/invite", address, {"email": address}, **ADMIN)
    one_won(await both.race(get(_path(mail))), "invalid-ticket")
    assert await _sessions(sql, address) == 1


# ---------------------------------------------------------------- codes


async def test_a_mailed_code_signs_in_once(both: Pair, sql: asyncpg.Connection) -> None:
    address = new_address()
    mail = await both.mailed("/signin/otp/email", address, {"email": address})
    body = {"email": address, "otp": ticket_of(mail)}
    one_won(await both.race(Ask("/signin/otp/email/verify", body)), "invalid-ticket", "too-many-requests")
    assert await _sessions(sql, address) == 1


async def test_a_code_by_sms_signs_in_once(both: Pair, sql: asyncpg.Connection) -> None:
    number = "+4915112345001"
    assert (await both.ask("/signin/passwordless/sms", {"phoneNumber": number})).status == 200
    body = {"phoneNumber": number, "otp": both.code_to(number)}
    one_won(await both.race(Ask("/signin/passwordless/sms/otp", body)), "invalid-request", "too-many-requests")
    user_id = await sql.fetchval("select id::text from auth.users where phone_number = $1", number)
    assert await _sessions(sql, user_id) == 1


async def test_a_phone_number_is_taken_over_once(both: Pair, sql: asyncpg.Connection) -> None:
    number, session = "+4915112345002", await both.sign_up()
    token = session["accessToken"]
    assert (await both.ask("/user/phone-number/change", {"phoneNumber": number}, token)).status == 200
    ask = Ask("/user/phone-number/verify", {"otp": both.code_to(number)}, token)
    one_won(await both.race(ask), "invalid-request")
    assert await _events(sql, session["user"]["id"], "phone-number-changed") == 1


async def test_two_users_do_not_get_one_phone_number(both: Pair, sql: asyncpg.Connection) -> None:
    number, asks = "+4915112345003", []
    for _ in range(5):
        token = (await both.sign_up())["accessToken"]
        assert (await both.ask("/user/phone-number/change", {"phoneNumber": number}, token)).status == 200
        asks.append(Ask("/user/phone-number/verify", {"otp": both.code_to(number)}, token))
    answers = await both.race(*asks, times=10)
    assert [won(answer) for answer in answers].count(True) == 1
    assert await sql.fetchval("select count(*) from auth.users where phone_number = $1", number) == 1


async def test_a_code_elevates_once(both: Pair, sql: asyncpg.Connection) -> None:
    session = await both.sign_up()
    token, address = session["accessToken"], session["user"]["email"]
    code = ticket_of(await both.mailed("/elevate/otp/email", address, token=token))
    one_won(await both.race(Ask("/elevate/otp/email/verify", {"otp": code}, token)), "invalid-ticket")
    assert await _sessions(sql, address) == 2
    assert await _events(sql, session["user"]["id"], "elevated") == 1


# ---------------------------------------------------------------- second factors


async def _enrolled(both: Pair) -> tuple[dict[str, Any], str]:
    """A new user's session, and the secret of their second factor."""
    session = await both.sign_up()
    token = session["accessToken"]
    secret: str = (await both.get("/mfa/totp/generate", token)).json["totpSecret"]
    body = {"code": pyotp.TOTP(secret).now(), "activeMfaType": "totp"}
    assert (await both.ask("/user/mfa", body, token)).status == 200
    return session, secret


async def _mfa_ticket(both: Pair, session: dict[str, Any]) -> str:
    ticket: str = (await both.sign_in(session["user"]["email"])).json["mfa"]["ticket"]
    return ticket


async def test_a_ticket_for_the_second_factor_signs_in_once(both: Pair, sql: asyncpg.Connection) -> None:
    await amid_a_period()
    session, secret = await _enrolled(both)
    ticket, totp = await _mfa_ticket(both, session), pyotp.TOTP(secret)
    asks = [Ask("/signin/mfa/totp", {"ticket": ticket, "otp": code}) for code in (totp.now(), upcoming(secret))]
    one_won(await both.race(*asks), "invalid-ticket", "invalid-totp", "too-many-requests")
    assert await _sessions(sql, session["user"]["id"]) == 2


async def test_a_totp_code_elevates_once(both: Pair, sql: asyncpg.Connection) -> None:
    await amid_a_period()
    session, secret = await _enrolled(both)
    ask = Ask("/elevate/totp", {"code": pyotp.TOTP(secret).now()}, session["accessToken"])
    one_won(await both.race(ask), "invalid-totp", "too-many-requests")
    assert await _events(sql, session["user"]["id"], "elevated") == 1


async def test_a_recovery_code_signs_in_once(both: Pair, sql: asyncpg.Connection) -> None:
    session, _ = await _enrolled(both)
    codes = (await both.ask("/user/mfa/recovery-codes", token=session["accessToken"])).json["recoveryCodes"]
    body = {"ticket": await _mfa_ticket(both, session), "otp": codes[0]}
    one_won(await both.race(Ask("/signin/mfa/totp", body)), "invalid-ticket", "invalid-totp", "too-many-requests")
    left = "select count(*) from auth_engine.recovery_codes where user_id = $1::text::uuid"
    assert await sql.fetchval(left, session["user"]["id"]) == len(codes) - 1


async def test_a_recovery_code_signs_in_or_switches_off(both: Pair) -> None:
    """One code, two uses: never both."""
    for _ in range(4):
        await amid_a_period()
        first, secret = await _enrolled(both)
        codes = (await both.ask("/user/mfa/recovery-codes", token=first["accessToken"])).json["recoveryCodes"]
        body = {"ticket": await _mfa_ticket(both, first), "otp": pyotp.TOTP(secret).now()}
        later = (await both.ask("/signin/mfa/totp", body)).json["session"]["accessToken"]
        sign_in = Ask("/signin/mfa/totp", {"ticket": await _mfa_ticket(both, first), "otp": codes[0]})
        answers = await both.race(sign_in, Ask("/user/mfa", {"code": codes[0]}, later), times=10)
        one_won(answers, "invalid-ticket", "invalid-totp", "disabled-mfa-totp", "too-many-requests")


# ---------------------------------------------------------------- keys and providers


async def _with_key(both: Pair) -> tuple[dict[str, Any], Authenticator]:
    """Somebody who signed up with a key."""
    authenticator = Authenticator()
    options = (await both.ask("/signup/webauthn", {"email": new_address()})).json
    answer = await both.ask("/signup/webauthn/verify", {"credential": authenticator.create(options)})
    session: dict[str, Any] = answer.json["session"]
    return session, authenticator


async def test_a_challenge_is_answered_once(both: Pair, sql: asyncpg.Connection) -> None:
    session, authenticator = await _with_key(both)
    options = (await both.ask("/signin/webauthn", {"email": session["user"]["email"]})).json
    one_won(
        await both.race(Ask("/signin/webauthn/verify", {"credential": authenticator.get(options)})), "invalid-request"
    )
    assert await _sessions(sql, session["user"]["id"]) == 2


async def test_copies_of_a_key_sign_in_once(both: Pair, sql: asyncpg.Connection) -> None:
    """A challenge for each, and the same counter in every answer."""
    session, authenticator = await _with_key(both)
    challenges = await both.race(Ask("/signin/webauthn", {"email": session["user"]["email"]}), times=10)
    authenticator.counter, authenticator.step = 7, 0
    asks = [Ask("/signin/webauthn/verify", {"credential": authenticator.get(each.json)}) for each in challenges]
    one_won(await both.race(*asks, times=20), "invalid-request")
    assert await _sessions(sql, session["user"]["id"]) == 2


async def test_a_challenge_to_sign_up_makes_one_user(both: Pair, sql: asyncpg.Connection) -> None:
    address, authenticator = new_address(), Authenticator()
    options = (await both.ask("/signup/webauthn", {"email": address})).json
    answers = await both.race(Ask("/signup/webauthn/verify", {"credential": authenticator.create(options)}))
    one_won(answers, "invalid-request")
    assert await _sessions(sql, address) == 1


async def test_a_state_redeems_one_code(both: Pair, stub: ProviderStub, sql: asyncpg.Connection) -> None:
    address = new_address()
    stub.clear()
    stub.answers["/token"] = (200, {"access_token": "theirs", "expires_in": 3600, "scope": "identify email"})
    stub.answers["/profile"] = (200, {"id": "4711", "username": "body", "email": address, "verified": True})
    gone = await both.get("/signin/provider/discord?redirectTo=https%3A%2F%2Fapp.test")
    state, cookie = query_of(gone.headers["location"])["state"], gone.headers["set-cookie"].partition(";")[0]
    callback = "/signin/provider/discord/callback"
    answers = await both.race(*(get(f"{callback}?state={state}&code={code}", Cookie=cookie) for code in "ab"))
    one_won(answers, "invalid-state")
    assert len(stub.to("/token")) == 1
    assert await _sessions(sql, address) == 1


# ---------------------------------------------------------------- sessions


async def test_a_refresh_token_renews_once_and_the_session_lives_on(both: Pair, sql: asyncpg.Connection) -> None:
    session = await both.sign_up()
    winner = one_won(await both.race(Ask("/token", {"refreshToken": session["refreshToken"]})), "invalid-refresh-token")
    assert winner.json["refreshTokenId"] == session["refreshTokenId"]
    assert await _sessions(sql, session["user"]["id"]) == 1
    assert (await both.ask("/token", {"refreshToken": winner.json["refreshToken"]})).status == 200


async def test_tabs_of_a_browser_all_get_the_same_successor(both: Pair, sql: asyncpg.Connection) -> None:
    session = await both.sign_up()
    answers = await both.race(Ask("/token", {"refreshToken": session["refreshToken"]}, headers=TAB))
    assert {answer.status for answer in answers} == {200}
    (successor,) = {answer.json["refreshToken"] for answer in answers}
    assert (await both.ask("/token", {"refreshToken": successor}, **TAB)).status == 200
    rotations = "select rotations from auth_engine.sessions where id = $1::text::uuid"
    assert await sql.fetchval(rotations, session["refreshTokenId"]) == 2


async def test_a_stolen_token_ends_its_session_once(both: Pair, sql: asyncpg.Connection) -> None:
    session = await both.sign_up()
    token, renewed = session["refreshToken"], session["refreshToken"]
    for _ in range(2):
        renewed = (await both.ask("/token", {"refreshToken": renewed})).json["refreshToken"]
    answers = await both.race(
        Ask("/token", {"refreshToken": token}), Ask("/token", {"refreshToken": token}, headers=TAB)
    )
    assert {answer.error for answer in answers} == {"invalid-refresh-token"}
    assert await _sessions(sql, session["user"]["id"]) == 0
    assert await _events(sql, session["user"]["id"], "session-reuse") == 1
    assert (await both.ask("/token", {"refreshToken": renewed})).status == 401


# ---------------------------------------------------------------- accounts


async def test_fifty_sign_ups_of_one_address_make_one_user(both: Pair, sql: asyncpg.Connection) -> None:
    address = new_address()
    spellings = [{"email": each, "password": PASSWORD} for each in (address, address.upper())]
    one_won(await both.race(*(Ask("/signup/email-password", body) for body in spellings)), "email-already-in-use")
    assert await sql.fetchval("select count(*) from auth.users where email = $1", address) == 1
    assert await _sessions(sql, await sql.fetchval("select id::text from auth.users where email = $1", address)) == 1


async def test_fifty_first_magic_links_make_one_user(both: Pair, sql: asyncpg.Connection) -> None:
    address = new_address()
    answers = await both.race(Ask("/signin/passwordless/email", {"email": address}))
    assert {answer.status for answer in answers} == {200}
    assert await sql.fetchval("select count(*) from auth.users where email = $1", address) == 1
    user_id = await sql.fetchval("select id::text from auth.users where email = $1", address)
    assert await _events(sql, user_id, "sign-up") == 1
    assert await _events(sql, user_id, "ticket-sent") == 10, "no more than AUTH_RATE_LIMIT_RECIPIENT"


async def test_an_anonymous_account_gets_one_address(both: Pair, sql: asyncpg.Connection) -> None:
    session = (await both.ask("/signin/anonymous")).json["session"]
    addresses = [new_address() for _ in range(25)]
    bodies = [{"signInMethod": "email-password", "email": each, "password": PASSWORD} for each in addresses]
    answers = await both.race(*(Ask("/user/deanonymize", body, session["accessToken"]) for body in bodies))
    one_won(answers, "user-not-anonymous")
    address = addresses[next(number for number, answer in enumerate(answers) if won(answer)) // 2]
    user_id = session["user"]["id"]
    assert await sql.fetchval("select email::text from auth.users where id = $1::text::uuid", user_id) == address
    assert await sql.fetchval("select count(*) from auth.users where email = any($1::text[])", addresses) == 1
    assert await _events(sql, user_id, "user-deanonymized") == 1
    assert (await both.sign_in(address)).status == 200


async def test_no_sign_in_under_way_outlives_the_password(both: Pair, sql: asyncpg.Connection) -> None:
    """Whoever knows the old password and knocks without a pause gets no session that the change does not end."""
    session = await both.sign_up()
    address, token = session["user"]["email"], session["accessToken"]
    knock = Ask("/signin/email-password", {"email": address, "password": PASSWORD})
    change = Ask("/user/password", {"newPassword": "another password"}, token)
    answers = await at_once(both.addresses, [*[knock] * 8, change, *[knock] * 15])
    assert answers[8].status == 200
    assert {each.error for each in answers if not won(each)} <= {"invalid-email-password", "too-many-requests"}
    left = "select array_agg(id::text) from auth.refresh_tokens where user_id = $1::text::uuid"
    assert await sql.fetchval(left, session["user"]["id"]) == [session["refreshTokenId"]]


# ---------------------------------------------------------------- tries


def _wrong_codes(right: str) -> list[str]:
    return [code for code in (f"{number:06}" for number in range(60)) if code != right][:50]


def _refused(answers: list[Answer], *codes: str) -> None:
    assert not any(won(answer) for answer in answers)
    assert {answer.error for answer in answers} <= set(codes)


async def test_five_wrong_guesses_end_a_mailed_code(both: Pair, sql: asyncpg.Connection) -> None:
    address = new_address()
    right = ticket_of(await both.mailed("/signin/otp/email", address, {"email": address}))
    asks = [Ask("/signin/otp/email/verify", {"email": address, "otp": code}) for code in _wrong_codes(right)]
    answers = await both.race(*asks, times=12)
    _refused(answers, "invalid-ticket")
    # The account's own limit was not reached yet: it is the code that is dead.
    dead = await both.ask("/signin/otp/email/verify", {"email": address, "otp": right})
    assert (dead.status, dead.error) == (401, "invalid-ticket")
    assert await _sessions(sql, address) == 0


async def test_five_wrong_guesses_end_a_code_by_sms(both: Pair, sql: asyncpg.Connection) -> None:
    number = "+4915112345004"
    assert (await both.ask("/signin/passwordless/sms", {"phoneNumber": number})).status == 200
    right, path = both.code_to(number), "/signin/passwordless/sms/otp"
    asks = [Ask(path, {"phoneNumber": number, "otp": code}) for code in _wrong_codes(right)]
    _refused(await both.race(*asks, times=12), "invalid-request")
    dead = await both.ask(path, {"phoneNumber": number, "otp": right})
    assert (dead.status, dead.error) == (400, "invalid-request")


async def test_five_wrong_guesses_end_an_elevation_code(both: Pair, sql: asyncpg.Connection) -> None:
    session = await both.sign_up()
    token, path = session["accessToken"], "/elevate/otp/email/verify"
    right = ticket_of(await both.mailed("/elevate/otp/email", session["user"]["email"], token=token))
    _refused(await both.race(*(Ask(path, {"otp": code}, token) for code in _wrong_codes(right))), "invalid-ticket")
    assert (await both.ask(path, {"otp": right}, token)).status == 401
    assert await _events(sql, session["user"]["id"], "elevated") == 0


async def test_five_wrong_guesses_end_a_phone_number_s_code(both: Pair, sql: asyncpg.Connection) -> None:
    number, token = "+4915112345005", (await both.sign_up())["accessToken"]
    assert (await both.ask("/user/phone-number/change", {"phoneNumber": number}, token)).status == 200
    right, path = both.code_to(number), "/user/phone-number/verify"
    _refused(await both.race(*(Ask(path, {"otp": code}, token) for code in _wrong_codes(right))), "invalid-request")
    assert (await both.ask(path, {"otp": right}, token)).status == 400
    assert await sql.fetchval("select count(*) from auth.users where phone_number = $1", number) == 0


async def test_five_wrong_guesses_end_a_ticket_for_the_second_factor(both: Pair, sql: asyncpg.Connection) -> None:
    await amid_a_period()
    session, secret = await _enrolled(both)
    body = {"ticket": await _mfa_ticket(both, session), "otp": wrong(secret)}
    answers = await both.race(Ask("/signin/mfa/totp", body), times=20)
    assert sorted(answer.error for answer in answers) == ["invalid-ticket"] * 15 + ["invalid-totp"] * 5
    dead = await both.ask("/signin/mfa/totp", {**body, "otp": pyotp.TOTP(secret).now()})
    assert (dead.status, dead.error) == (401, "invalid-ticket")
    assert await _sessions(sql, session["user"]["id"]) == 1


async def test_twenty_wrong_passwords_are_looked_at_and_no_more(both: Pair, sql: asyncpg.Connection) -> None:
    address = new_address()
    user_id = (await both.sign_up(address))["user"]["id"]
    await sql.execute("delete from auth_engine.known_sources where user_id = $1::text::uuid", user_id)
    asks = [Ask("/signin/email-password", {"email": address, "password": f"wrong {number}"}) for number in range(50)]
    answers = await both.race(*asks, times=100)
    assert sorted(answer.status for answer in answers) == [401] * 20 + [429] * 80
    assert (await both.sign_in(address)).status == 429
