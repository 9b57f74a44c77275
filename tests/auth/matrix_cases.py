"""The cases that several routes share: switches, the valid user, options, passwords, signing up, administration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from auth_kit import ADMIN_SECRET
from matrix_kit import (
    BY_NAME,
    KEPT_OUT,
    KNOWN_PASSWORD,
    SHORT_PASSWORD,
    Ask,
    Case,
    Request,
    World,
    access_token,
    admin_headers,
    free_address,
)
from matrix_requests import GOOD, NEWCOMER

from auth_engine.core.errors import Code
from auth_engine.http.openapi import refusals_of
from auth_engine.http.route import Access

Change = Callable[[World, Ask], Awaitable[Ask]]

EVIL: Final = "https://evil.test/"
USERS: Final = frozenset({"auth.users"})
NEW_USER: Final = frozenset({"auth.users", "auth.user_roles"})

CODES: Final[Mapping[str, tuple[Code, ...]]] = {name: refusals_of(route) for name, route in BY_NAME.items()}
WITH_TOKEN: Final = tuple(name for name, route in BY_NAME.items() if route.access in (Access.TOKEN, Access.ELEVATED))
OPTIONAL_TOKEN: Final = ("POST /token/verify", "POST /user/password")
KNOWN_OTHERWISE: Final = (
    "POST /signin/email-password",
    "POST /token",
    "POST /signin/pat",
    "POST /signin/mfa/totp",
    "POST /signin/passwordless/email",
    "POST /signin/otp/email",
    "POST /signin/otp/email/verify",
    "POST /signin/passwordless/sms",
    "POST /signin/passwordless/sms/otp",
    "POST /user/email/send-verification-email",
    "POST /signin/webauthn",
    "POST /signin/webauthn/verify",
    "POST /signin/idtoken",
)
"""Routes that find out by something else than a token who comes."""
CONSUMING: Final = {"POST /signin/otp/email/verify": USERS, "POST /signin/passwordless/sms/otp": USERS}
"""A right code is used up, whatever becomes of the rest."""
SIGNS_UP: Final = {
    "POST /signup/email-password": NEW_USER,
    "POST /signup/webauthn/verify": NEW_USER | {"auth.user_security_keys"},
    "POST /signin/anonymous": NEW_USER,
    "POST /signin/passwordless/email": NEW_USER,
    "POST /signin/otp/email": NEW_USER,
    "POST /signin/passwordless/sms": NEW_USER,
    "POST /signin/idtoken": NEW_USER | {"auth.user_providers"},
}
"""What AUTH_DISABLE_NEW_USERS stores of somebody new, disabled."""
TAKES_ADDRESS: Final = {
    "POST /signup/email-password": "email",
    "POST /signup/webauthn": "email",
    "POST /signin/passwordless/email": "email",
    "POST /signin/otp/email": "email",
    "POST /user/deanonymize": "email",
    "POST /user/email/change": "newEmail",
    "POST /admin/users": "email",
    "POST /admin/users/invite": "email",
}
"""Routes that may give somebody an address; in which field."""
PASSWORDS: Final = {"POST /user/password": "newPassword"}


def newcomer(route: str) -> Request:
    return NEWCOMER.get(route, GOOD[route])


def changed(request: Request, change: Change) -> Request:
    """The request after a change of it, or of what it meets."""

    async def make(world: World) -> Ask:
        return await change(world, await request(world))

    return make


def routes_with(*codes: Code, among: Iterable[str] = CODES) -> Iterator[str]:
    return (name for name in among if set(codes) <= set(CODES[name]))


def shared_cases() -> Iterator[Case]:
    """Those of `matrix_any_route` and of single routes (`matrix_own_cases`) stand apart."""
    yield from _switched_off()
    yield from _valid_user()
    yield from _options()
    yield from _new_passwords()
    yield from _sign_up_rules()
    yield from _addresses()
    yield from _administration()


def _switched_off() -> Iterator[Case]:
    for name in routes_with(Code.DISABLED_ENDPOINT):
        if "callback" not in name:
            yield Case(name, Code.DISABLED_ENDPOINT, "switched off", GOOD[name], on="off")


# ---------------------------------------------------------------- the valid user


async def _as_it_is(world: World, ask: Ask) -> Ask:
    return ask


async def _gone(world: World, ask: Ask) -> Ask:
    assert ask.me is not None
    await world.sql.execute("delete from auth.users where id = $1", ask.me.id)
    return ask


def _column(**columns: Any) -> Change:
    async def change(world: World, ask: Ask) -> Ask:
        assert ask.me is not None
        await world.change(ask.me, **columns)
        return ask

    return change


@dataclass(frozen=True, slots=True)
class State:
    """What makes a valid user invalid: a change of the user, or an engine that takes them otherwise."""

    why: str
    code: Code
    change: Change = _as_it_is
    on: str = "open"


GONE: Final = State("gone", Code.INVALID_EMAIL_PASSWORD, _gone)
STATES: Final = (
    State("kept out by the access lists", Code.INVALID_EMAIL_PASSWORD, on="picky"),
    State("disabled", Code.DISABLED_USER, _column(disabled=True)),
    State("unverified", Code.UNVERIFIED_USER, _column(email_verified=False)),
    State("anonymous", Code.FORBIDDEN_ANONYMOUS, _column(is_anonymous=True)),
)


def _valid_user() -> Iterator[Case]:
    by_token = (*WITH_TOKEN, *OPTIONAL_TOKEN)
    for name in (*by_token, *KNOWN_OTHERWISE):
        for state in (*STATES, GONE) if name in by_token else STATES:
            if state.code in CODES[name] and not (name in _WITHOUT_ADDRESS and state.on == "picky"):
                request, changes = changed(GOOD[name], state.change), CONSUMING.get(name, frozenset())
                yield Case(name, state.code, state.why, request, on=state.on, changes=changes)


_WITHOUT_ADDRESS: Final = ("POST /user/deanonymize",)


# ---------------------------------------------------------------- options and passwords


def _options() -> Iterator[Case]:
    refused = {
        Code.REDIRECT_NOT_ALLOWED: {"redirectTo": EVIL},
        Code.ROLE_NOT_ALLOWED: {"allowedRoles": ["user", "admin"]},
        Code.DEFAULT_ROLE_NOT_ALLOWED: {"allowedRoles": ["me"]},
    }
    for code, options in refused.items():
        for name in routes_with(code):
            body = BY_NAME[name].body
            if body is not None and "options" in body.__struct_fields__:

                async def wish(world: World, ask: Ask, options: object = options) -> Ask:
                    return ask.but(options=options)

                yield Case(name, code, "in options", changed(newcomer(name), wish))


def _new_passwords() -> Iterator[Case]:
    for name in routes_with(Code.PASSWORD_TOO_SHORT):
        field = PASSWORDS.get(name, "password")

        async def short(world: World, ask: Ask, field: str = field) -> Ask:
            return ask.but(**{field: SHORT_PASSWORD})

        async def known(world: World, ask: Ask, field: str = field) -> Ask:
            world.stub.answers.update(known_passwords())
            return ask.but(**{field: KNOWN_PASSWORD})

        yield Case(name, Code.PASSWORD_TOO_SHORT, "too short", changed(GOOD[name], short))
        yield Case(name, Code.PASSWORD_IN_HIBP, "known", changed(GOOD[name], known))
    for name in routes_with(Code.BUSY):
        if name != "POST /signin/passwordless/sms/otp":
            yield Case(name, Code.BUSY, "the queue is full", GOOD[name], on="busy")


def known_passwords() -> dict[str, tuple[int, str]]:
    """What haveibeenpwned says of the password that everybody knows."""
    import hashlib

    digest = hashlib.sha1(KNOWN_PASSWORD.encode(), usedforsecurity=False).hexdigest().upper()
    return {f"/range/{digest[:5]}": (200, f"{digest[5:]}:42")}


# ---------------------------------------------------------------- signing up


def _sign_up_rules() -> Iterator[Case]:
    for name in routes_with(Code.SIGNUP_DISABLED):
        yield Case(name, Code.SIGNUP_DISABLED, "nobody may sign up", newcomer(name), on="closed")
    for name, changes in SIGNS_UP.items():
        yield Case(name, Code.DISABLED_USER, "new users are disabled", newcomer(name), on="shut", changes=changes)
    for name in routes_with(Code.CAPTCHA_FAILED):
        yield Case(name, Code.CAPTCHA_FAILED, "not solved", GOOD[name], on="guarded")
        yield Case(name, Code.CAPTCHA_FAILED, "solved wrongly", changed(GOOD[name], _solved_wrongly), on="guarded")


async def _solved_wrongly(world: World, ask: Ask) -> Ask:
    world.stub.answers["/captcha"] = (200, {"success": False})
    return replace(ask, headers={"X-Cf-Turnstile-Response": "wrong"})


def _addresses() -> Iterator[Case]:
    """Addresses that are taken, or that the access lists keep out; neither rule looks at capitals."""
    for name, field in TAKES_ADDRESS.items():

        async def taken(world: World, ask: Ask, field: str = field) -> Ask:
            return ask.but(**{field: (await world.person()).email.upper()})

        async def outsider(world: World, ask: Ask, field: str = field) -> Ask:
            return ask.but(**{field: free_address(KEPT_OUT.upper())})

        if Code.EMAIL_ALREADY_IN_USE in CODES[name]:
            yield Case(name, Code.EMAIL_ALREADY_IN_USE, "in capitals", changed(GOOD[name], taken))
        if Code.INVALID_EMAIL_PASSWORD in CODES[name]:
            request = changed(newcomer(name), outsider)
            yield Case(name, Code.INVALID_EMAIL_PASSWORD, "an address kept out", request)


# ---------------------------------------------------------------- administration


def _administration() -> Iterator[Case]:
    for name in routes_with(Code.INVALID_ADMIN_SECRET):

        async def as_user(world: World, ask: Ask) -> Ask:
            me = await world.person()
            return replace(ask, token=access_token(me.id, me.session, elevated=True), headers={})

        async def wrong(world: World, ask: Ask) -> Ask:
            return replace(ask, headers=admin_headers(ADMIN_SECRET.upper()))

        for why, change in {"no secret": as_user, "another secret": wrong}.items():
            yield Case(name, Code.INVALID_ADMIN_SECRET, why, changed(GOOD[name], change))
