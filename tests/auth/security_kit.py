"""Helpers of the security list: one of each thing that opens an account, and everything that the database says."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pyotp
import pytest
from auth_kit import ADMIN_SECRET, AuthServer, link_of, new_address, ticket_of
from authenticator_kit import Authenticator
from mailed_kit import RecordingSms, with_sms
from provider_stub import Browser, ProviderStub

PASSWORD = "a password, planted to be looked for"
FUTURE = "2040-01-01T00:00:00Z"
HANDED_OUT = frozenset(
    {
        "access token", "refresh token", "renewed refresh token", "personal access token", "totp secret",
        "recovery code", "ticket for the second factor", "challenge to sign up", "challenge to sign in",
    }
)  # fmt: skip
"""Secrets that the client gets in one answer; all others reach it by mail, by SMS or in an address."""


# ---------------------------------------------------------------- secrets


def holds(text: str, secret: str) -> bool:
    """Whether the secret stands in the text; six digits count only where they stand alone, and not in a time."""
    if not re.fullmatch(r"\d{6}", secret):
        return secret in text
    without_times = re.sub(r"\d\d:\d\d:\d\d\.\d+", "", text)
    return re.search(rf"(?<![0-9A-Za-z]){secret}(?![0-9A-Za-z])", without_times) is not None


async def everything(sql: asyncpg.Connection) -> list[tuple[str, str]]:
    """Every row of both schemas as a text, bytes shown as the characters that they are; with its table."""
    columns = await sql.fetch(
        "select c.oid::regclass::text, quote_ident(attname), atttypid = 'bytea'::regtype from pg_attribute a"
        " join pg_class c on c.oid = a.attrelid"
        " where c.relnamespace in ('auth'::regnamespace, 'auth_engine'::regnamespace) and c.relkind in ('r', 'p')"
        " and attnum > 0 and not attisdropped order by 1, attnum"
    )
    found: list[tuple[str, str]] = []
    for table in dict.fromkeys(row[0] for row in columns):
        shown = [f"encode({name}, 'escape')" if raw else f"{name}::text" for of, name, raw in columns if of == table]
        found += [(table, row[0]) for row in await sql.fetch(f"select concat_ws(' ', {', '.join(shown)}) from {table}")]
    assert len({table for table, _ in found}) >= 15, "little was planted"
    return found


def log_of(caplog: pytest.LogCaptureFixture) -> str:
    """What the engine and its libraries said, but not the test's own SMTP server and HTTP client."""
    others = ("mail.log", "httpx", "httpcore")
    records = [record for record in caplog.records if not record.name.startswith(others)]
    assert any(record.name.startswith("auth_engine") for record in records)
    return "\n".join(f"{record.getMessage()} {record.exc_text or ''} {record.args}" for record in records)


@dataclass(slots=True)
class Planter:
    """Goes through every flow that makes a secret; keeps the secrets by name, and all answers."""

    server: AuthServer
    sms: RecordingSms
    stub: ProviderStub
    sql: asyncpg.Connection
    secrets: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)
    """Path and whole text: headers too, but where a redirect carries what was asked for."""

    async def plant(self) -> None:
        session = await self._session()
        await self._factors(session)
        await self._codes(session)
        await self._provider()
        await self._links()
        await self._look_around(session["accessToken"])
        await self._mails_that_wait()
        await self._refusals()

    async def post(self, path: str, body: Any = None, token: str | None = None, **headers: str) -> Any:
        return self._heard(path, await self.server.post(path, body, token, **headers))

    def _heard(self, path: str, answer: httpx.Response) -> Any:
        assert answer.status_code in (200, 302), (path, answer.text)
        self.answers.append((path, f"{answer.text} {answer.headers!r}"))
        return answer.json() if answer.status_code == 200 else None

    def _ticket(self, address: str) -> str:
        return ticket_of(self.server.mailbox.last(address))

    async def _session(self) -> dict[str, Any]:
        address = new_address()
        first = (await self.post("/signup/email-password", {"email": address, "password": PASSWORD}))["session"]
        session: dict[str, Any] = await self.post("/token", {"refreshToken": first["refreshToken"]})
        token = session["accessToken"]
        pat = await self.post("/pat", {"expiresAt": FUTURE, "metadata": {"for": "tests"}}, token)
        self.secrets |= {
            "password": PASSWORD,
            "access token": token,
            "refresh token": first["refreshToken"],
            "renewed refresh token": session["refreshToken"],
            "personal access token": pat["personalAccessToken"],
        }
        return session

    async def _codes(self, session: dict[str, Any]) -> None:
        address, number, other = new_address(), "+4915112340001", "+4915112340002"
        await self.post("/signin/otp/email", {"email": address})
        await self.post("/signin/passwordless/sms", {"phoneNumber": number})
        plain = (await self.post("/signup/email-password", {"email": new_address(), "password": PASSWORD}))["session"]
        await self.post("/user/phone-number/change", {"phoneNumber": other}, plain["accessToken"])
        await self.post("/elevate/otp/email", None, plain["accessToken"])
        self.secrets |= {
            "mailed code": self._ticket(address),
            "code by sms": self.sms.code_to(number),
            "code for a phone number": self.sms.code_to(other),
            "code that elevates": self._ticket(plain["user"]["email"]),
        }

    async def _factors(self, session: dict[str, Any]) -> None:
        token, address = session["accessToken"], session["user"]["email"]
        self._heard("/mfa/totp/generate", generated := await self.server.get("/mfa/totp/generate", token))
        secret = generated.json()["totpSecret"]
        await self.post("/user/mfa", {"code": pyotp.TOTP(secret).now(), "activeMfaType": "totp"}, token)
        codes = (await self.post("/user/mfa/recovery-codes", None, token))["recoveryCodes"]
        ticket = (await self.post("/signin/email-password", {"email": address, "password": PASSWORD}))["mfa"]["ticket"]
        sign_up = await self.post("/signup/webauthn", {"email": new_address()})
        await self.post("/signup/webauthn/verify", {"credential": Authenticator().create(sign_up)})
        self.secrets |= {
            "totp secret": secret,
            "recovery code": codes[0],
            "recovery code without its dashes": codes[1].replace("-", ""),
            "ticket for the second factor": ticket,
            "challenge to sign up": (await self.post("/signup/webauthn", {"email": new_address()}))["challenge"],
            "challenge to sign in": (await self.post("/signin/webauthn", {}))["challenge"],
        }

    async def _provider(self) -> None:
        theirs = {"access_token": "their access token", "refresh_token": "their refresh token"}
        self.stub.answers["/token"] = (200, {**theirs, "expires_in": 3600, "scope": "identify email"})
        profile = {"id": "4711", "username": "x", "email": new_address(), "verified": True}
        self.stub.answers["/profile"] = (200, profile)
        browser = Browser(self.server)
        gone = await browser.begin("discord")
        await browser.come_back("discord", state=gone.params["state"], code="their code")
        (asked,) = self.stub.to("/token")
        # And one that stays open.
        waiting = Browser(self.server)
        open_state = (await waiting.begin("discord")).params["state"]
        self.secrets |= {
            "provider's access token": theirs["access_token"],
            "provider's refresh token": theirs["refresh_token"],
            "provider's code": "their code",
            "client secret": "a secret",
            "state": gone.params["state"],
            "open state": open_state,
            "code verifier": asked.form["code_verifier"],
            "cookie": next(iter(waiting.cookies.values())),
        }

    async def _links(self) -> None:
        kinds = {
            "magic link": "/signin/passwordless/email",
            "reset link": "/user/password/reset",
            "verification link": "/user/email/send-verification-email",
        }
        for name, path in kinds.items():
            address = new_address()
            await self.post("/signup/email-password", {"email": address, "password": PASSWORD})
            await self.post(path, {"email": address})
            self.secrets[name] = self._ticket(address).partition(":")[2]
        session = (await self.post("/signup/email-password", {"email": new_address(), "password": PASSWORD}))["session"]
        newer, invited = new_address(), new_address()
        await self.post("/user/email/change", {"newEmail": newer}, session["accessToken"])
        await self.post("/admin/users/invite", {"email": invited}, **{"x-hasura-admin-secret": ADMIN_SECRET})
        self.secrets["link to a new address"] = self._ticket(newer).partition(":")[2]
        self.secrets["invitation"] = self._ticket(invited).partition(":")[2]
        self.secrets["admin secret"] = ADMIN_SECRET

    async def _look_around(self, token: str) -> None:
        """Whatever shows something of an account."""
        lists = ("/user", "/user/sessions", "/user/pats", "/user/security-keys", "/user/providers", "/user/export")
        for path in lists:
            self._heard(path, await self.server.get(path, token))

    async def _refusals(self) -> None:
        """What is refused is written down with its reason (AUTH_DEBUG), and never with what was brought."""
        secrets = self.secrets
        for path, body in (
            ("/token", {"refreshToken": secrets["refresh token"]}),
            ("/token", {"refreshToken": secrets["personal access token"]}),
            ("/signin/pat", {"personalAccessToken": secrets["refresh token"]}),
            ("/signin/email-password", {"email": new_address(), "password": PASSWORD}),
            ("/signin/email-password", {"email": PASSWORD, "password": PASSWORD}),
            ("/signin/otp/email/verify", {"email": new_address(), "otp": secrets["mailed code"]}),
            ("/user/password", {"newPassword": PASSWORD, "ticket": f"passwordReset:{secrets['magic link']}"}),
            ("/user/password", {"newPassword": PASSWORD, "ticket": secrets["magic link"]}),
        ):
            answer = await self.server.post(path, body)
            assert 400 <= answer.status_code < 500
            self.answers.append((path, answer.text))
        foreign = await self.server.get("/user", f"{secrets['access token']}x")
        self.answers.append(("/user", foreign.text))

    async def _mails_that_wait(self) -> None:
        """A mail that was not taken stands in the outbox with its live ticket, until it is."""
        address, mailbox = new_address(), self.server.mailbox
        mailbox.refuses = "451 later"
        await self.post("/signin/passwordless/email", {"email": address})
        await self.server.engine.kit.post.settle(2.0)
        waiting = await everything(self.sql)
        mailbox.refuses = None
        await self.sql.execute("update auth_engine.outbox set next_try_at = now()")
        await self.server.engine.kit.post.work()
        mail = mailbox.last(address)
        assert any(table == "auth_engine.outbox" for table, _ in waiting)
        for secret in (ticket_of(mail).partition(":")[2], link_of(mail)):
            assert not any(holds(text, secret) for _, text in waiting)
        self.secrets["ticket of a mail that waited"] = ticket_of(mail).partition(":")[2]


@asynccontextmanager
async def planting(server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection) -> AsyncIterator[Planter]:
    """A planter at this server, its text messages kept instead of sent."""
    sms = RecordingSms()
    listening = with_sms(server, sms)
    async with listening.client:
        yield Planter(listening, sms, stub, sql)


# ---------------------------------------------------------------- helpers of all entries


def settings_with(stub: ProviderStub) -> dict[str, str]:
    on = (
        "AUTH_EMAIL_PASSWORDLESS_ENABLED", "AUTH_OTP_EMAIL_ENABLED", "AUTH_MFA_ENABLED", "AUTH_WEBAUTHN_ENABLED",
        "AUTH_PROVIDER_DISCORD_ENABLED", "AUTH_ANONYMOUS_USERS_ENABLED",
    )  # fmt: skip
    return {
        **dict.fromkeys(on, "true"),
        "AUTH_PROVIDER_DISCORD_CLIENT_ID": "client",
        "AUTH_PROVIDER_DISCORD_CLIENT_SECRET": "a secret",
        "AUTH_PROVIDER_DISCORD_AUTHORIZATION_URL": f"{stub.url}/authorize",
        "AUTH_PROVIDER_DISCORD_TOKEN_URL": f"{stub.url}/token",
        "AUTH_PROVIDER_DISCORD_USER_PROFILE_URL": f"{stub.url}/profile",
        "AUTH_PROVIDER_GOOGLE_AUDIENCE": "our app",
        "AUTH_PROVIDER_GOOGLE_JWKS_URL": f"{stub.url}/keys",
        **_issuer(stub, "GOOD"),
        **_issuer(stub, "BAD"),
    }


def _issuer(stub: ProviderStub, name: str) -> dict[str, str]:
    """The settings of an issuer that is the stub, below this name."""
    values = {"ISSUER": f"{stub.url}/{name.lower()}", "CLIENT_ID": "client", "CLIENT_SECRET": "a secret"}
    return {f"AUTH_PROVIDER_OIDC_{name}_{key}": value for key, value in values.items()}


def comes(stub: ProviderStub, address: str, *, verified: bool) -> None:
    """Let somebody come from Discord."""
    stub.answers["/token"] = (200, {"access_token": "theirs", "expires_in": 3600, "scope": "identify email"})
    stub.answers["/profile"] = (200, {"id": new_address(), "username": "x", "email": address, "verified": verified})


async def by_provider(server: AuthServer) -> httpx.URL:
    """There and back; where the browser is sent to."""
    browser = Browser(server)
    state = (await browser.begin("discord")).params["state"]
    return await browser.come_back("discord", state=state, code="a code")


async def count_users(sql: asyncpg.Connection) -> int:
    return int(await sql.fetchval("select count(*) from auth.users"))


async def mailed(server: AuthServer, path: str, address: str, body: Any = None, token: str | None = None) -> Any:
    """Ask for a mail; the mail."""
    answer = await server.post(path, {"email": address} if body is None else body, token)
    assert answer.status_code == 200, answer.text
    return server.mailbox.last(address)


async def open_link(server: AuthServer, mail: Any, **headers: str) -> httpx.Response:
    return await server.get(link_of(mail).removeprefix("http://auth.test"), **headers)


async def renews(server: AuthServer, session: dict[str, Any]) -> bool:
    return (await server.post("/token", {"refreshToken": session["refreshToken"]})).status_code == 200
