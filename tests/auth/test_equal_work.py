"""Equal time is tested as equal work and the same moment of release: with AUTH_CONCEAL_ERRORS an account in any state,
and none at all, cost the same hashes and are told the same bytes at the same step, whether mails can be sent or not.
Features A8; auth contract §10, "Concealment and time"."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import asyncpg
import httpx
import pytest
import pytest_asyncio
from auth_kit import PASSWORD, AuthServer, Serve, free_port, new_address

from auth_engine.core.types import TicketKind
from auth_engine.factors.passwords import Passwords
from auth_engine.http.edge import Edge
from auth_engine.limits.limits import Limits
from auth_engine.store.queries import FOLDER, queries
from auth_engine.store.runner import PoolRunner
from auth_engine.store.store import Store
from auth_engine.tokens.tickets import stored_code, stored_ticket

T = TypeVar("T")

STEP, WINDOW = 0.25, 0.4
CONCEALED = {
    "AUTH_CONCEAL_ERRORS": "true",
    "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true",
    "AUTH_EMAIL_PASSWORDLESS_ENABLED": "true",
    "AUTH_OTP_EMAIL_ENABLED": "true",
    "AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS": "blocked.test",
    "AUTH_SIGNIN_FAILURE_STEP": "250",
    "AUTH_EMAIL_ANSWER_WINDOW": "400",
}
NAMES = {text: f"{file.stem}.{name}" for file in FOLDER.glob("*.sql") for name, text in queries(file.stem).items()}


# ---------------------------------------------------------------- recording ports


@dataclass(slots=True)
class Ledger:
    """What a request cost, and until when its answer was held back."""

    statements: list[str] = field(default_factory=list)
    hashes: int = 0
    releases: list[float] = field(default_factory=list)

    def note(self, statement: str) -> None:
        self.statements.append(NAMES.get(statement, statement))


@dataclass(frozen=True, slots=True)
class RecordingRunner:
    """Notes the statements that stand alone, and those of transactions."""

    inner: Any
    ledger: Ledger

    async def rows(self, statement: str, *arguments: Any) -> Any:
        self.ledger.note(statement)
        return await self.inner.rows(statement, *arguments)

    async def row(self, statement: str, *arguments: Any) -> Any:
        self.ledger.note(statement)
        return await self.inner.row(statement, *arguments)

    async def value(self, statement: str, *arguments: Any) -> Any:
        self.ledger.note(statement)
        return await self.inner.value(statement, *arguments)

    async def run(self, statement: str, *arguments: Any) -> Any:
        self.ledger.note(statement)
        return await self.inner.run(statement, *arguments)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[RecordingRunner]:
        async with self.inner.transaction() as runner:
            yield RecordingRunner(runner, self.ledger)


class RecordingPasswords(Passwords):
    """Counts computations, and lets the clock go on by what each of them takes."""

    def __init__(self, ledger: Ledger, clock: RecordingClock) -> None:
        super().__init__(threads=2, queue=20)
        self._ledger = ledger
        self._clock = clock

    async def _beside(self, work: Callable[[], T]) -> T:
        self._ledger.hashes += 1
        self._clock.moment += self._clock.seconds_a_hash
        return await super()._beside(work)


@dataclass(slots=True)
class RecordingClock:
    """Goes on only by hashing, and notes until when somebody waits instead of waiting."""

    ledger: Ledger
    moment: float = 100.0
    seconds_a_hash: float = 0.03

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.moment

    async def sleep_until(self, moment: float) -> None:
        self.ledger.releases.append(moment)


@dataclass(frozen=True, slots=True)
class Told:
    """All that whoever asked can see of an answer, and what it cost."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]
    released: tuple[float, ...]
    """Seconds after the request came."""
    hashes: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A server that writes down what each request costs."""

    server: AuthServer
    client: httpx.AsyncClient
    ledger: Ledger
    clock: RecordingClock

    async def ask(self, path: str, body: Any) -> Told:
        self.ledger.statements.clear()
        self.ledger.releases.clear()
        self.ledger.hashes, arrived = 0, self.clock.moment
        answer = await self.client.post(path, json=body)
        headers = tuple(sorted((name, value) for name, value in answer.headers.items() if name != "date"))
        released = tuple(round(moment - arrived, 6) for moment in self.ledger.releases)
        return Told(answer.status_code, answer.content, headers, released, self.ledger.hashes)


async def _recorded(server: AuthServer) -> Recorded:
    kit, ledger = server.engine.kit, Ledger()
    clock = RecordingClock(ledger)
    store = Store(cast(PoolRunner, RecordingRunner(kit.store._pool, ledger)))
    limits = Limits(kit.settings, store, clock)
    passwords = RecordingPasswords(ledger, clock)
    edge = Edge(replace(kit, clock=clock, store=store, limits=limits, passwords=passwords))
    return Recorded(
        server, httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://auth.test"), ledger, clock
    )


@pytest_asyncio.fixture
async def recorded(serve: Serve, request: pytest.FixtureRequest) -> AsyncIterator[Recorded]:
    """Where mails arrive, or as the test's parameter says."""
    settings = dict(CONCEALED)
    match getattr(request, "param", "works"):
        case "nobody listens":
            settings["AUTH_SMTP_PORT"] = str(free_port())
        case "no sign-up":
            settings["AUTH_DISABLE_SIGNUP"] = "true"
    server = await serve(**settings)
    if getattr(request, "param", "works") == "refuses":
        server.mailbox.refuses = "451 later"
    made = await _recorded(server)
    yield made
    await server.engine.kit.post.settle(2.0)
    await made.client.aclose()


# ---------------------------------------------------------------- accounts


STATES: dict[str, dict[str, Any]] = {
    "healthy": {"email_verified": True},
    "unverified": {},
    "disabled": {"email_verified": True, "disabled": True},
    "without a password": {"email_verified": True, "password_hash": None},
    "anonymous": {"email_verified": True, "is_anonymous": True},
    "with a second factor": {"email_verified": True, "active_mfa_type": "totp", "totp_secret": "A" * 52},
    "with a hash of an unknown form": {"email_verified": True, "password_hash": "{SSHA}x"},
    "kept out by the lists": {"email_verified": True, "email": "{}@blocked.test"},
}
_HASHES: list[str] = []


async def _hash(recorded: Recorded) -> str:
    """Of PASSWORD, made once."""
    if not _HASHES:
        _HASHES.append(await recorded.server.engine.kit.passwords.hash(PASSWORD))
    return _HASHES[0]


async def _people(recorded: Recorded, sql: asyncpg.Connection, **more: Any) -> dict[str, str]:
    """An address for each state, and some that nobody has."""
    people = {"unknown": new_address(), "unknown, kept out": f"{new_address().partition('@')[0]}@blocked.test"}
    for state, columns in STATES.items():
        name = new_address()
        row = {"locale": "en", "password_hash": await _hash(recorded), **columns, **more}
        row["email"] = str(row.get("email", "{}")).format(name.partition("@")[0]) if "email" in row else name
        names = ", ".join(row)
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        await sql.execute(f"insert into auth.users ({names}) values ({places})", *row.values())
        people[state] = row["email"]
    return people


def _alike(told: dict[str, Told]) -> Told:
    """The one thing that all were told."""
    odd = {name: each for name, each in told.items() if each != told["unknown"]}
    assert not odd, (told["unknown"], odd)
    return told["unknown"]


REFUSED = b'{"status":400,"error":"invalid-request","message":"The request payload is incorrect"}'


# ---------------------------------------------------------------- signing in


async def test_sign_in_with_a_wrong_password(recorded: Recorded, sql: asyncpg.Connection) -> None:
    told, work = {}, {}
    for state, address in (await _people(recorded, sql)).items():
        told[state] = await recorded.ask("/signin/email-password", {"email": address, "password": "wrong"})
        work[state] = tuple(recorded.ledger.statements)
    common = _alike(told)
    assert (common.status, common.body, common.hashes, common.released) == (400, REFUSED, 1, (STEP,))
    assert set(work.values()) == {("counters.is_source_of_email", "counters.take", "users.by_email")}


async def test_sign_in_with_the_right_password_of_an_account_that_may_not(
    recorded: Recorded, sql: asyncpg.Connection
) -> None:
    """All that differs is what the limits write after the decision."""
    people = await _people(recorded, sql)
    told = {"unknown": await recorded.ask("/signin/email-password", {"email": people["unknown"], "password": PASSWORD})}
    usual = list(recorded.ledger.statements)
    for state in ("unverified", "disabled", "anonymous", "kept out by the lists", "without a password"):
        told[state] = await recorded.ask("/signin/email-password", {"email": people[state], "password": PASSWORD})
        assert recorded.ledger.statements in (usual, [*usual, "counters.give_back"]), state
    common = _alike(told)
    assert (common.status, common.body, common.hashes, common.released) == (400, REFUSED, 1, (STEP,))


async def test_a_slow_hash_ends_at_a_step_too(recorded: Recorded) -> None:
    """However long it takes, the answer leaves at a multiple of the step after the request came."""
    body = {"email": new_address(), "password": PASSWORD}
    for seconds, step in ((0.001, 1), (0.249, 1), (0.26, 2), (0.74, 3)):
        recorded.clock.seconds_a_hash = seconds
        assert (await recorded.ask("/signin/email-password", body)).released == (step * STEP,)


# ---------------------------------------------------------------- asking for mails


MAILED = [
    "/user/password/reset",
    "/signin/passwordless/email",
    "/signin/otp/email",
    "/user/email/send-verification-email",
]


@pytest.mark.parametrize("path", MAILED)
@pytest.mark.parametrize("recorded", ["works", "refuses", "nobody listens", "no sign-up"], indirect=True)
async def test_asking_for_a_mail(recorded: Recorded, sql: asyncpg.Connection, path: str) -> None:
    people = await _people(recorded, sql)
    common = _alike({state: await recorded.ask(path, {"email": address}) for state, address in people.items()})
    assert (common.status, common.body, common.hashes, common.released) == (200, b'"OK"', 0, (WINDOW,))


@pytest.mark.parametrize("path", MAILED)
async def test_asking_for_more_mails_than_one_gets(recorded: Recorded, sql: asyncpg.Connection, path: str) -> None:
    people = await _people(recorded, sql)
    told = {"unknown": await recorded.ask(path, {"email": people["unknown"]})}
    for number in range(12):
        told[str(number)] = await recorded.ask(path, {"email": people["unverified"]})
    _alike(told)


# ---------------------------------------------------------------- signing up


@pytest.mark.parametrize("recorded", ["works", "refuses", "nobody listens"], indirect=True)
async def test_signing_up_with_a_taken_address(recorded: Recorded, sql: asyncpg.Connection) -> None:
    people = await _people(recorded, sql)
    people = {state: address for state, address in people.items() if not address.endswith("blocked.test")}
    told = {}
    for state, address in people.items():
        told[state] = await recorded.ask("/signup/email-password", {"email": address, "password": PASSWORD})
    common = _alike(told)
    assert (common.status, common.body, common.hashes, common.released) == (200, b"{}", 1, (WINDOW,))


# ---------------------------------------------------------------- redeeming


async def test_a_mailed_code_that_is_not_right(recorded: Recorded, sql: asyncpg.Connection) -> None:
    told, work = {}, {}
    for state, address in (await _people(recorded, sql)).items():
        told[state] = await recorded.ask("/signin/otp/email/verify", {"email": address, "otp": "123456"})
        work[state] = tuple(recorded.ledger.statements)
    common = _alike(told)
    assert (common.status, common.body, common.hashes, common.released) == (400, REFUSED, 0, (STEP,))
    assert len(set(work.values())) == 1, work


PUT_TICKET = """
update auth.users set ticket = $2, ticket_expires_at = now() + $3::text::interval where email::text = $1
"""
CODES = ("none", "wrong", "expired", "worn out", "used", "of a disabled user", "of somebody kept out")


async def test_a_mailed_code_that_is_no_good(recorded: Recorded, sql: asyncpg.Connection) -> None:
    told = {"unknown": await recorded.ask("/signin/otp/email/verify", {"email": new_address(), "otp": "123456"})}
    for case in CODES:
        people = await _people(recorded, sql)
        disabled, kept_out = people["disabled"], people["kept out by the lists"]
        address = {"of a disabled user": disabled, "of somebody kept out": kept_out}.get(case, people["healthy"])
        await _give_code(recorded, sql, address, case)
        if case == "worn out":
            for _ in range(5):
                await recorded.ask("/signin/otp/email/verify", {"email": address, "otp": "000000"})
        if case == "used":
            used = await recorded.ask("/signin/otp/email/verify", {"email": address, "otp": "123456"})
            assert used.status == 200
        told[case] = await recorded.ask("/signin/otp/email/verify", {"email": address, "otp": "123456"})
    common = _alike(told)
    assert (common.status, common.body, common.hashes, common.released) == (400, REFUSED, 0, (STEP,))


async def _give_code(recorded: Recorded, sql: asyncpg.Connection, address: str, case: str) -> None:
    """The code 123456 for an address, or another where the case says so."""
    if case == "none":
        return
    user_id = await sql.fetchval("select id::text from auth.users where email::text = $1", address)
    stored = stored_code(recorded.server.engine.kit.seals, user_id, "654321" if case == "wrong" else "123456")
    await sql.execute(PUT_TICKET, address, stored, "-1 second" if case == "expired" else "1 hour")


@pytest.mark.parametrize("kind", [TicketKind.PASSWORDLESS_EMAIL, TicketKind.PASSWORD_RESET, TicketKind.VERIFY_EMAIL])
async def test_a_mailed_link_that_is_no_good(recorded: Recorded, sql: asyncpg.Connection, kind: TicketKind) -> None:
    """A link of an unknown ticket, an expired one, and one of a disabled user lead to the same place."""
    targets = set()
    for number, (state, lives) in enumerate((("unknown", ""), ("healthy", "-1 second"), ("disabled", "1 hour"))):
        address = (await _people(recorded, sql))[state]
        ticket = f"{kind.value}:00000000-0000-4000-8000-{number:012}"
        if lives:
            await sql.execute(PUT_TICKET, address, stored_ticket(ticket), lives)
        query = {"ticket": ticket, "redirectTo": "https://app.test/in"}
        answer = await recorded.client.get("/verify", params=query)
        targets.add((answer.status_code, answer.headers["location"]))
    told = "error=invalid-request&errorDescription=The+request+payload+is+incorrect"
    assert targets == {(302, f"https://app.test/in?{told}")}
