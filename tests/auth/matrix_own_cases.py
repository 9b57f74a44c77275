"""The cases of single routes: what their flows themselves refuse, and what goes back in the browser's address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import bcrypt
from authenticator_kit import Authenticator
from matrix_cases import STATES, changed
from matrix_kit import KEPT_OUT, Ask, Case, Request, World, free_address
from matrix_makers import (
    CODE,
    NEW_PASSWORD,
    SECRET,
    add_pat,
    by_token,
    challenged,
    holder,
    put_ticket,
    totp_code,
    with_totp,
)
from matrix_requests import GOOD, NEWCOMER

from auth_engine.core.errors import Code
from auth_engine.core.types import TicketKind

NOBODY: Final = "00000000-0000-4000-8000-00000000dead"
WRONG: Final = "000000000"
"""No code has nine digits."""
SESSION_ENDS: Final = frozenset({"auth.refresh_tokens"})

OWN: list[Case] = []


def own(
    route: str,
    code: Code,
    why: str,
    request: Request | None = None,
    *,
    on: str = "open",
    changes: frozenset[str] = frozenset(),
) -> None:
    OWN.append(Case(route, code, why, request or GOOD[route], on=on, changes=changes))


def case(route: str, code: Code, why: str, **more: Any) -> Callable[[Request], Request]:
    """The decorated function makes the request."""

    def keep(request: Request) -> Request:
        own(route, code, why, request, **more)
        return request

    return keep


def but(route: str, refusal: Code, why: str, on: str = "open", /, **fields: Any) -> None:
    """The good request with other fields in its body; None takes one away."""

    async def change(world: World, ask: Ask) -> Ask:
        return ask.but(**fields)

    own(route, refusal, why, changed(GOOD[route], change), on=on)


def setting(route: str, code: Code, why: str, **columns: Any) -> None:
    """The good request, the user's row another."""

    async def change(world: World, ask: Ask) -> Ask:
        assert ask.me is not None
        await world.change(ask.me, **columns)
        return ask

    own(route, code, why, changed(GOOD[route], change))


def wrong_before(route: str, field: str = "otp", on: str = "strict") -> None:
    """Beyond the limit of wrong guesses, where it is one, the right one is refused too."""

    async def change(world: World, ask: Ask) -> Ask:
        answer = await world.ask(route, ask.but(**{field: WRONG}), on)
        assert answer.status_code in (400, 401), answer.text
        return ask

    own(route, Code.TOO_MANY_REQUESTS, "by account", changed(GOOD[route], change), on=on)


@case("GET /readyz", Code.UNAVAILABLE, "no database", on="unready")
async def _(world: World) -> Ask:
    await (await world.server("unready")).engine.kit.store.close()
    return Ask(path="/readyz")


# ---------------------------------------------------------------- passwords and sessions

but("POST /signin/email-password", Code.INVALID_EMAIL_PASSWORD, "a wrong password", password=NEW_PASSWORD)
but("POST /signin/email-password", Code.INVALID_EMAIL_PASSWORD, "an unknown address", email="nobody@example.test")
wrong_before("POST /signin/email-password", "password")
setting("POST /signin/email-password", Code.INVALID_EMAIL_PASSWORD, "no password", password_hash=None)
but("POST /token", Code.INVALID_REFRESH_TOKEN, "an unknown token", refreshToken=NOBODY)
but("POST /token/verify", Code.INVALID_REQUEST, "a token that is none", token="Bearer x.y.z")
but("POST /signout", Code.INVALID_REQUEST, "neither all nor a token", all=False)
but("POST /signout", Code.INVALID_REQUEST, "an empty token", all=False, refreshToken="")
but("POST /user/password", Code.INVALID_REQUEST, "without elevation or ticket", "elevated")


@case("POST /signup/email-password", Code.EMAIL_ALREADY_IN_USE, "where nothing has to be verified", on="easy")
async def _(world: World) -> Ask:
    return (await GOOD["POST /signup/email-password"](world)).but(email=(await world.person()).email)


@case("POST /token", Code.INVALID_REFRESH_TOKEN, "a personal access token")
async def _(world: World) -> Ask:
    return Ask(path="/token", body={"refreshToken": (await add_pat(world, await world.person()))[1]})


@case("POST /token", Code.INVALID_REFRESH_TOKEN, "the one before, and not from a browser")
async def _(world: World) -> Ask:
    ask = await GOOD["POST /token"](world)
    assert (await world.ask("POST /token", ask)).is_success
    return ask


@case("POST /token", Code.INVALID_REFRESH_TOKEN, "one before the last: the session ends", changes=SESSION_ENDS)
async def _(world: World) -> Ask:
    ask = await GOOD["POST /token"](world)
    now = ask
    for _ in range(2):
        now = ask.but(refreshToken=(await world.ask("POST /token", now)).json()["refreshToken"])
    return ask


@case("POST /token", Code.INVALID_REFRESH_TOKEN, "from before the user was disabled")
async def _(world: World) -> Ask:
    ask = await GOOD["POST /token"](world)
    assert ask.me is not None
    for disabled in (True, False):
        await world.change(ask.me, disabled=disabled)
    return ask


for _route in ("POST /token/verify", "POST /signout"):

    @case(_route, Code.INVALID_REQUEST, "no token")
    async def _(world: World, route: str = _route) -> Ask:
        return (await GOOD[route](world)).without_token()


@case("POST /user/password", Code.INVALID_REQUEST, "neither token nor ticket")
async def _(world: World) -> Ask:
    return Ask(path="/user/password", body={"newPassword": NEW_PASSWORD})


@case("POST /user/password", Code.INVALID_TICKET, "an unknown ticket")
async def _(world: World) -> Ask:
    return Ask(path="/user/password", body={"newPassword": NEW_PASSWORD, "ticket": f"passwordReset:{NOBODY}"})


async def _by_reset_ticket(world: World) -> Ask:
    me = await world.person()
    ticket = await put_ticket(world, me, TicketKind.PASSWORD_RESET)
    return Ask(path="/user/password", body={"newPassword": NEW_PASSWORD, "ticket": ticket}, me=me)


async def _expired(world: World, ask: Ask) -> Ask:
    assert ask.me is not None
    await world.change(ask.me, ticket_expires_at=datetime.now(UTC) - timedelta(seconds=1))
    return ask


own("POST /user/password", Code.INVALID_TICKET, "an expired ticket", changed(_by_reset_ticket, _expired))
for _state in STATES:
    own(
        "POST /user/password",
        _state.code,
        f"{_state.why}, by a ticket",
        changed(_by_reset_ticket, _state.change),
        on=_state.on,
    )


# ---------------------------------------------------------------- codes by mail and SMS

but("POST /signin/otp/email/verify", Code.INVALID_TICKET, "a wrong code", otp=WRONG)
but("POST /signin/otp/email/verify", Code.INVALID_TICKET, "an unknown address", email="nobody@example.test")
own(
    "POST /signin/otp/email/verify",
    Code.INVALID_TICKET,
    "an expired code",
    changed(GOOD["POST /signin/otp/email/verify"], _expired),
)
wrong_before("POST /signin/otp/email/verify")
wrong_before("POST /signin/passwordless/sms/otp")
but("POST /signin/passwordless/sms/otp", Code.INVALID_REQUEST, "a wrong code", otp=WRONG)
but("POST /signin/passwordless/sms/otp", Code.INVALID_REQUEST, "an unknown number", phoneNumber="+41791234567")
setting(
    "POST /signin/passwordless/sms/otp",
    Code.INVALID_REQUEST,
    "an expired code",
    otp_hash_expires_at=datetime.now(UTC) - timedelta(seconds=1),
)
setting(
    "POST /signin/passwordless/sms/otp", Code.INVALID_REQUEST, "a number nobody proved", phone_number_verified=False
)
but("POST /signin/passwordless/sms", Code.CANNOT_SEND_SMS, "no international number", phoneNumber="079 123")
but("POST /user/phone-number/change", Code.CANNOT_SEND_SMS, "no international number", phoneNumber="079 123")
but("POST /user/phone-number/verify", Code.INVALID_REQUEST, "a wrong code", otp=WRONG)
setting(
    "POST /user/email/send-verification-email", Code.EMAIL_ALREADY_VERIFIED, "verified already", email_verified=True
)


async def _sender_fails(world: World, ask: Ask) -> Ask:
    world.stub.answers["/sms"] = (500, {})
    return ask


for _route, _good in (
    ("POST /signin/passwordless/sms", GOOD["POST /signin/passwordless/sms"]),
    ("POST /signin/passwordless/sms", NEWCOMER["POST /signin/passwordless/sms"]),
    ("POST /user/phone-number/change", GOOD["POST /user/phone-number/change"]),
):
    _who = "newcomer" if _good in NEWCOMER.values() else "user"
    own(_route, Code.CANNOT_SEND_SMS, f"refused by the sender, {_who}", changed(_good, _sender_fails))


@case("POST /signin/passwordless/sms/otp", Code.BUSY, "a code in the form of Hasura Auth", on="busy")
async def _(world: World) -> Ask:
    ask = await GOOD["POST /signin/passwordless/sms/otp"](world)
    assert ask.me is not None
    await world.change(ask.me, otp_hash=bcrypt.hashpw(CODE.encode(), bcrypt.gensalt(4, prefix=b"2a")).decode())
    return ask


@case("POST /user/phone-number/verify", Code.INVALID_REQUEST, "somebody else's by now")
async def _(world: World) -> Ask:
    ask = await GOOD["POST /user/phone-number/verify"](world)
    assert ask.me is not None
    number = await world.sql.fetchval("select subject from auth_engine.codes where user_id = $1", ask.me.id)
    await world.person(phone_number=number, phone_number_verified=True)
    return ask


# ---------------------------------------------------------------- second factors and elevation

setting("GET /mfa/totp/generate", Code.TOTP_ALREADY_ACTIVE, "active", totp_secret=SECRET, active_mfa_type="totp")
setting("POST /user/mfa", Code.TOTP_ALREADY_ACTIVE, "active", active_mfa_type="totp")
setting("POST /user/mfa", Code.NO_TOTP_SECRET, "nothing generated", totp_secret=None)
but("POST /user/mfa", Code.INVALID_TOTP, "a wrong code", code=WRONG)
but("POST /user/mfa", Code.DISABLED_MFA_TOTP, "off already", activeMfaType="")
but("POST /user/mfa", Code.INVALID_REQUEST, "an unknown type", activeMfaType="sms")
wrong_before("POST /user/mfa", "code")
but("POST /signin/mfa/totp", Code.INVALID_TICKET, "an unknown ticket", ticket=f"mfaTotp:{NOBODY}")
own("POST /signin/mfa/totp", Code.INVALID_TICKET, "an expired ticket", changed(GOOD["POST /signin/mfa/totp"], _expired))
but("POST /signin/mfa/totp", Code.INVALID_REQUEST, "a ticket of another kind", ticket=f"passwordReset:{NOBODY}")
but("POST /signin/mfa/totp", Code.INVALID_TOTP, "a wrong code", otp=WRONG)
setting("POST /signin/mfa/totp", Code.DISABLED_MFA_TOTP, "off by now", active_mfa_type=None)
setting("POST /signin/mfa/totp", Code.NO_TOTP_SECRET, "no secret", totp_secret=None)
wrong_before("POST /signin/mfa/totp")
setting("POST /user/mfa/recovery-codes", Code.DISABLED_MFA_TOTP, "off", active_mfa_type=None)
setting("POST /elevate/totp", Code.DISABLED_MFA_TOTP, "off", active_mfa_type=None)
but("POST /elevate/totp", Code.INVALID_TOTP, "a wrong code", code=WRONG)
wrong_before("POST /elevate/totp", "code")
but("POST /elevate/otp/email/verify", Code.INVALID_TICKET, "a wrong code", otp=WRONG)


@case("POST /user/mfa", Code.INVALID_TOTP, "a wrong code to switch off")
async def _(world: World) -> Ask:
    return by_token("POST /user/mfa", await with_totp(world), {"code": WRONG})


@case("POST /elevate/totp", Code.INVALID_TOTP, "a code that signed in")
async def _(world: World) -> Ask:
    ask = await GOOD["POST /signin/mfa/totp"](world)
    assert (await world.ask("POST /signin/mfa/totp", ask)).is_success
    assert ask.me is not None
    return by_token("POST /elevate/totp", ask.me, {"code": ask.body["otp"]})


@case("POST /elevate/totp", Code.INVALID_REQUEST, "there is a stronger factor")
async def _(world: World) -> Ask:
    has = await holder(world, totp_secret=SECRET, active_mfa_type="totp")
    return by_token("POST /elevate/totp", has.me, {"code": totp_code()})


for _route in ("POST /elevate/otp/email", "POST /elevate/otp/email/verify"):

    @case(_route, Code.INVALID_REQUEST, "a session that mail opened")
    async def _(world: World, route: str = _route) -> Ask:
        me = await world.person(opened_by="magic-link")
        return by_token(route, me, {"otp": CODE} if route.endswith("verify") else None)


@case("POST /elevate/otp/email/verify", Code.INVALID_TICKET, "none was sent")
async def _(world: World) -> Ask:
    return by_token("POST /elevate/otp/email/verify", await world.person(), {"otp": CODE})


# ---------------------------------------------------------------- security keys

but("POST /signin/webauthn", Code.INVALID_EMAIL_PASSWORD, "an unknown address", email="nobody@example.test")
but("POST /user/security-keys/remove", Code.INVALID_REQUEST, "no such key", id=NOBODY)
setting("POST /user/security-keys/remove", Code.LAST_SIGN_IN_METHOD, "the only way in", password_hash=None, email=None)

for _route in ("POST /signin/webauthn", "POST /elevate/webauthn"):

    @case(_route, Code.INVALID_REQUEST, "no key")
    async def _(world: World, route: str = _route) -> Ask:
        me = await world.person()
        body = {"email": me.email} if route.endswith("signin/webauthn") else None
        return Ask(path=route.partition(" ")[2], body=body, me=me, token=me.token)


for _route in (
    "POST /signup/webauthn/verify",
    "POST /signin/webauthn/verify",
    "POST /user/webauthn/verify",
    "POST /elevate/webauthn/verify",
):

    @case(_route, Code.INVALID_REQUEST, "a challenge that was answered")
    async def _(world: World, route: str = _route) -> Ask:
        ask = await GOOD[route](world)
        assert (await world.ask(route, ask)).is_success
        return ask

    @case(_route, Code.INVALID_REQUEST, "a challenge for something else")
    async def _(world: World, route: str = _route) -> Ask:
        ask, key = await GOOD[route](world), Authenticator()
        if "signup" in route or "user" in route:
            options = await challenged(world, "/signup/webauthn", {"email": free_address()})
            path = "/user/webauthn/add" if "signup" in route else "/signup/webauthn"
            token = (await world.person()).token
            other = await challenged(world, path, {"email": free_address()} if "up" in path else None, token)
            return ask.but(credential=key.create({**options, "challenge": other["challenge"]}))
        has = await holder(world)
        path = "/signin/webauthn" if "elevate" in route else "/elevate/webauthn"
        other = await challenged(world, path, {"email": has.me.email} if "in" in path else None, has.me.token)
        return replace(ask, body={"credential": has.key.get(other)}, token=has.me.token)


@case("POST /signup/webauthn/verify", Code.EMAIL_ALREADY_IN_USE, "taken meanwhile")
async def _(world: World) -> Ask:
    me = await world.person(email=free_address())
    email = free_address()
    options = await challenged(world, "/signup/webauthn", {"email": email})
    await world.change(me, email=email)
    return Ask(path="/signup/webauthn/verify", body={"credential": Authenticator().create(options)})


@case("POST /signup/webauthn/verify", Code.INVALID_EMAIL_PASSWORD, "kept out meanwhile")
async def _(world: World) -> Ask:
    before = Ask(path="/signup/webauthn", body={"email": free_address(KEPT_OUT)})
    options = (await world.ask("POST /signup/webauthn", before, "lenient")).json()
    return Ask(path="/signup/webauthn/verify", body={"credential": Authenticator().create(options)})
