"""Refusals that browsers carry back to the application: `error` in the address that they are sent to."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from auth_kit import query_of
from matrix_cases import EVIL, GONE, NEW_USER, STATES, USERS, Change, changed
from matrix_kit import APP, KEPT_OUT, Ask, Case, Request, World, free_address, query
from matrix_makers import comes, holder, link, put_ticket, totp_code, under_way, with_totp
from matrix_own_cases import NOBODY
from matrix_requests import GOOD, NEWCOMER

from auth_engine.core.errors import Code
from auth_engine.core.types import TicketKind

LOOK, PRESS = "GET /verify", "POST /verify"
START = "GET /signin/provider/{provider}"
BACK, POSTED_BACK = "GET /signin/provider/{provider}/callback", "POST /signin/provider/{provider}/callback"
_PROVIDERS: Final = frozenset({"auth.user_providers"})

_VALID_USER: Final = (
    Code.INVALID_EMAIL_PASSWORD,
    Code.DISABLED_USER,
    Code.UNVERIFIED_USER,
    Code.FORBIDDEN_ANONYMOUS,
)
_LINKS: Final = (Code.REDIRECT_NOT_ALLOWED, Code.INVALID_TICKET, *_VALID_USER, Code.EMAIL_ALREADY_IN_USE)
_ARRIVALS: Final = (
    Code.INVALID_STATE,
    Code.DISABLED_ENDPOINT,
    Code.OAUTH_PROVIDER_ERROR,
    Code.OAUTH_EXCHANGE_FAILED,
    Code.OAUTH_PROFILE_FAILED,
    Code.SIGNUP_DISABLED,
    *_VALID_USER,
    Code.EMAIL_ALREADY_IN_USE,
    Code.ROLE_NOT_ALLOWED,
    Code.DEFAULT_ROLE_NOT_ALLOWED,
    Code.INVALID_REQUEST,
)
REDIRECTED: Final[Mapping[str, tuple[Code, ...]]] = {
    LOOK: _LINKS,
    PRESS: (
        *_LINKS,
        Code.DISABLED_ENDPOINT,
        Code.DISABLED_MFA_TOTP,
        Code.NO_TOTP_SECRET,
        Code.TOO_MANY_REQUESTS,
    ),
    START: (Code.DISABLED_ENDPOINT, Code.INVALID_REQUEST, *_VALID_USER, Code.OAUTH_PROVIDER_ERROR),
    BACK: _ARRIVALS,
    POSTED_BACK: _ARRIVALS,
}
"""What each route may tell so."""

REDIRECTS: list[Case] = []


def _case(route: str, code: Code, why: str, request: Request, **more: Any) -> None:
    REDIRECTS.append(Case(route, code, why, request, by_redirect=True, **more))


# ---------------------------------------------------------------- mailed links


def _link(route: str, code: Code, why: str, request: Request, **more: Any) -> None:
    """A case of GET /verify is one of POST /verify too."""
    _case(route, code, why, request, **more)
    if route == LOOK:
        _case(PRESS, code, why, changed(request, _pressed), **more)


async def _pressed(world: World, ask: Ask) -> Ask:
    return _form(ask, "/verify")


def _form(ask: Ask, path: str) -> Ask:
    return replace(ask, path=path, body=query_of(ask.path))


def _ticket(kind: TicketKind, *changes: Change) -> Request:
    async def make(world: World) -> Ask:
        me = await world.person()
        ticket = await put_ticket(world, me, kind)
        ask = Ask(path=query("/verify", ticket=ticket, redirectTo=APP), me=me)
        for change in changes:
            ask = await change(world, ask)
        return ask

    return make


def _unknown(ticket: str, target: str = APP) -> Request:
    async def make(world: World) -> Ask:
        return Ask(path=query("/verify", ticket=ticket, redirectTo=target))

    return make


async def _used(world: World, ask: Ask) -> Ask:
    assert (await world.ask(LOOK, ask)).status_code == 302
    return ask


async def _expire(world: World, ask: Ask) -> Ask:
    await world.sql.execute("update auth.users set ticket_expires_at = now() where ticket is not null")
    return ask


async def _address_taken(world: World, ask: Ask) -> Ask:
    assert ask.me is not None
    await world.change(ask.me, new_email=(await world.person()).email)
    return ask


_link(LOOK, Code.REDIRECT_NOT_ALLOWED, "elsewhere", _unknown(f"verifyEmail:{NOBODY}", EVIL))
_link(
    LOOK, Code.REDIRECT_NOT_ALLOWED, "looks like ours", _unknown(f"verifyEmail:{NOBODY}", "https://app.test@evil.test/")
)
for _text in (f"verifyEmail:{NOBODY}", f"unheardOf:{NOBODY}", "x", "123456"):
    _link(LOOK, Code.INVALID_TICKET, f"unknown, {_text.partition(':')[0]}", _unknown(_text))
_link(LOOK, Code.INVALID_TICKET, "used", _ticket(TicketKind.PASSWORDLESS_EMAIL, _used))
_link(LOOK, Code.INVALID_TICKET, "expired", _ticket(TicketKind.VERIFY_EMAIL, _expire))
_case(LOOK, Code.INVALID_TICKET, "of a second factor", _ticket(TicketKind.MFA_TOTP))
_link(
    LOOK,
    Code.EMAIL_ALREADY_IN_USE,
    "taken meanwhile",
    _ticket(TicketKind.EMAIL_CONFIRM_CHANGE, _address_taken),
    changes=USERS,
)
for _state in STATES:
    _link(
        LOOK,
        _state.code,
        _state.why,
        _ticket(TicketKind.PASSWORD_RESET, _state.change),
        on=_state.on,
        changes=USERS,
    )


def _second_step(**columns: Any) -> Request:
    """The page's second step: a ticket for the second factor, and a code."""

    async def make(world: World) -> Ask:
        me = await with_totp(world, **columns)
        ticket = await put_ticket(world, me, TicketKind.MFA_TOTP)
        return Ask(path="/verify", body={"ticket": ticket, "redirectTo": APP, "otp": totp_code()}, me=me)

    return make


async def _after_a_wrong_code(world: World) -> Ask:
    ask = await _second_step()(world)
    page = await world.ask(PRESS, ask.but(otp="000000000"), "strict")
    assert page.status_code == 200, page.text
    return ask


_case(PRESS, Code.DISABLED_ENDPOINT, "second factors are off", _second_step(), on="off")
_case(PRESS, Code.DISABLED_MFA_TOTP, "off by now", _second_step(active_mfa_type=None))
_case(PRESS, Code.NO_TOTP_SECRET, "no secret", _second_step(totp_secret=None))
_case(PRESS, Code.TOO_MANY_REQUESTS, "by account", _after_a_wrong_code, on="strict")


# ---------------------------------------------------------------- off to a provider


def _start(provider: str = "discord") -> Request:
    async def make(world: World) -> Ask:
        return Ask(path=query(f"/signin/provider/{provider}", redirectTo=APP))

    return make


async def _connecting(world: World) -> Ask:
    me = await world.person()
    return Ask(path=query("/signin/provider/discord", redirectTo=APP, connect=me.token), me=me)


async def _connecting_with_a_key(world: World) -> Ask:
    me = (await holder(world)).me
    return Ask(path=query("/signin/provider/discord", redirectTo=APP, connect=me.token), me=me)


async def _no_token(world: World) -> Ask:
    return Ask(path=query("/signin/provider/discord", redirectTo=APP, connect="x.y.z"))


_case(START, Code.DISABLED_ENDPOINT, "off", _start("google"))
_case(START, Code.OAUTH_PROVIDER_ERROR, "it does not say where to", _start("acme"))
_case(START, Code.INVALID_REQUEST, "connect is no token", _no_token)
_case(START, Code.INVALID_REQUEST, "not elevated", _connecting_with_a_key, on="elevated")
for _state in (*STATES, GONE):
    _case(START, _state.code, f"{_state.why}, to connect", changed(_connecting, _state.change), on=_state.on)


# ---------------------------------------------------------------- and back


def _back(code: Code, why: str, request: Request, **more: Any) -> None:
    """Whatever a GET brings a form may bring."""
    _case(BACK, code, why, request, **more)
    _case(POSTED_BACK, code, why, changed(request, _posted), **more)


async def _posted(world: World, ask: Ask) -> Ask:
    return _form(ask, ask.path.partition("?")[0])


def _arriving(email: str | None = None, *, verified: bool = True, **options: str) -> Request:
    """Somebody new, with wishes."""

    async def make(world: World) -> Ask:
        comes(world, str(uuid.uuid4()), email or free_address(), verified=verified)
        state, cookie = await under_way(world, **options)
        return Ask(path=query("/signin/provider/discord/callback", state=state, code="x"), headers=cookie)

    return make


async def _another_browser(world: World, ask: Ask) -> Ask:
    return replace(ask, headers={})


async def _no_such_state(world: World, ask: Ask) -> Ask:
    return replace(ask, path=query("/signin/provider/discord/callback", state="x", code="x"))


async def _state_used(world: World, ask: Ask) -> Ask:
    assert "refreshToken" in (await world.ask(BACK, ask)).headers["location"]
    return ask


async def _of_another_provider(world: World, ask: Ask) -> Ask:
    return replace(ask, path=ask.path.replace("discord", "acme"))


async def _provider_off(world: World, ask: Ask) -> Ask:
    return replace(ask, path=ask.path.replace("discord", "google"))


async def _provider_refuses(world: World, ask: Ask) -> Ask:
    return replace(ask, path=f"{ask.path.replace('code=', 'x=')}&error=access_denied")


async def _no_exchange(world: World, ask: Ask) -> Ask:
    world.stub.answers["/token"] = (400, {"error": "invalid_grant"})
    return ask


async def _no_profile(world: World, ask: Ask) -> Ask:
    world.stub.answers["/profile"] = (500, {})
    return ask


async def _no_identity(world: World, ask: Ask) -> Ask:
    world.stub.answers["/profile"] = (200, {"username": "x"})
    return ask


async def _taken_address(world: World) -> Ask:
    return await _arriving((await world.person()).email, verified=False)(world)


async def _connects_what_belongs_to_somebody(world: World) -> Ask:
    comes(world, await link(world, await world.person(), "discord"))
    state, cookie = await under_way(world, connect=(await world.person()).token)
    return Ask(path=query("/signin/provider/discord/callback", state=state, code="x"), headers=cookie)


_NEW, _KNOWN = NEWCOMER[BACK], GOOD[BACK]
_back(Code.INVALID_STATE, "another browser", changed(_KNOWN, _another_browser))
_back(Code.INVALID_STATE, "unknown", changed(_KNOWN, _no_such_state))
_back(Code.INVALID_STATE, "used", changed(_KNOWN, _state_used))
_back(Code.INVALID_STATE, "of another provider", changed(_KNOWN, _of_another_provider))
_back(Code.DISABLED_ENDPOINT, "off", changed(_KNOWN, _provider_off))
_back(Code.OAUTH_PROVIDER_ERROR, "the user said no", changed(_KNOWN, _provider_refuses))
_back(Code.OAUTH_EXCHANGE_FAILED, "no tokens for the code", changed(_KNOWN, _no_exchange))
_back(Code.OAUTH_PROFILE_FAILED, "no profile", changed(_KNOWN, _no_profile))
_back(Code.OAUTH_PROFILE_FAILED, "a profile without id", changed(_KNOWN, _no_identity))
_back(Code.SIGNUP_DISABLED, "nobody may sign up", _NEW, on="closed")
_back(Code.DISABLED_USER, "new users are disabled", _NEW, on="shut", changes=NEW_USER | _PROVIDERS)
_back(Code.INVALID_EMAIL_PASSWORD, "an address kept out", _arriving(f"a@{KEPT_OUT}"))
_back(Code.EMAIL_ALREADY_IN_USE, "an address that nobody vouches for", _taken_address)
_back(Code.ROLE_NOT_ALLOWED, "in options", _arriving(allowedRoles="user,admin"))
_back(Code.DEFAULT_ROLE_NOT_ALLOWED, "in options", _arriving(allowedRoles="me"))
_back(Code.INVALID_REQUEST, "connects what belongs to somebody", _connects_what_belongs_to_somebody)
for _state in STATES:
    _back(_state.code, _state.why, changed(_KNOWN, _state.change), on=_state.on)
