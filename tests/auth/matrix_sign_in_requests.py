"""Good requests: signing up and in, mailed links and codes, second factors, keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from auth_kit import PASSWORD
from authenticator_kit import Authenticator
from matrix_kit import APP, Ask, World, free_address, free_number, query
from matrix_makers import (
    NEWCOMER,
    SECRET,
    add_pat,
    by_token,
    challenged,
    good,
    holder,
    newest_mail,
    put_code,
    put_ticket,
    sms_code,
    totp_code,
    with_totp,
)

from auth_engine.core.types import TicketKind

# ---------------------------------------------------------------- signing up and in


@good("POST /signup/email-password")
async def _(world: World) -> Ask:
    return Ask(path="/signup/email-password", body={"email": free_address(), "password": PASSWORD})


@good("POST /signin/email-password")
async def _(world: World) -> Ask:
    me = await world.person()
    return Ask(path="/signin/email-password", body={"email": me.email, "password": PASSWORD}, me=me)


@good("POST /token")
async def _(world: World) -> Ask:
    me = await world.person()
    return Ask(path="/token", body={"refreshToken": me.refresh}, me=me)


@good("POST /signin/pat")
async def _(world: World) -> Ask:
    me = await world.person()
    return Ask(path="/signin/pat", body={"personalAccessToken": (await add_pat(world, me))[1]}, me=me)


def _mailed(route: str, **columns: Any) -> None:
    """A route that mails something to an address."""
    path = route.partition(" ")[2]

    @good(route)
    async def _(world: World) -> Ask:
        me = await world.person(**columns)
        return Ask(path=path, body={"email": me.email}, me=me)

    @good(route, NEWCOMER)
    async def _(world: World) -> Ask:
        return Ask(path=path, body={"email": free_address()})


_mailed("POST /signin/passwordless/email")
_mailed("POST /signin/otp/email")
_mailed("POST /user/password/reset")
_mailed("POST /user/email/send-verification-email", email_verified=False)


@good("POST /signin/otp/email/verify")
async def _(world: World) -> Ask:
    me = await world.person()
    code = await put_code(world, me)
    return Ask(path="/signin/otp/email/verify", body={"email": me.email, "otp": code}, me=me)


@good("POST /signin/passwordless/sms")
async def _(world: World) -> Ask:
    world.stub.answers["/sms"] = (200, {})
    number = free_number()
    me = await world.person(phone_number=number, phone_number_verified=True)
    return Ask(path="/signin/passwordless/sms", body={"phoneNumber": number}, me=me)


@good("POST /signin/passwordless/sms", NEWCOMER)
async def _(world: World) -> Ask:
    world.stub.answers["/sms"] = (200, {})
    return Ask(path="/signin/passwordless/sms", body={"phoneNumber": free_number()})


@good("POST /signin/passwordless/sms/otp")
async def _(world: World) -> Ask:
    number = free_number()
    me = await world.person(phone_number=number, phone_number_verified=True)
    code, stored = await sms_code(world, me, number)
    await world.change(me, otp_hash=stored, otp_hash_expires_at=datetime.now(UTC) + timedelta(minutes=5))
    return Ask(path="/signin/passwordless/sms/otp", body={"phoneNumber": number, "otp": code}, me=me)


@good("GET /verify")
async def _(world: World) -> Ask:
    me = await world.person()
    ticket = await put_ticket(world, me, TicketKind.PASSWORDLESS_EMAIL)
    return Ask(path=query("/verify", ticket=ticket, redirectTo=APP), me=me)


@good("POST /verify")
async def _(world: World) -> Ask:
    me = await world.person()
    ticket = await put_ticket(world, me, TicketKind.PASSWORDLESS_EMAIL)
    return Ask(path="/verify", body={"ticket": ticket, "redirectTo": APP}, me=me)


# ---------------------------------------------------------------- second factors and elevation


@good("POST /user/mfa")
async def _(world: World) -> Ask:
    me = await world.person(totp_secret=SECRET)
    return by_token("POST /user/mfa", me, {"code": totp_code(), "activeMfaType": "totp"})


@good("POST /signin/mfa/totp")
async def _(world: World) -> Ask:
    me = await with_totp(world)
    ticket = await put_ticket(world, me, TicketKind.MFA_TOTP)
    return Ask(path="/signin/mfa/totp", body={"ticket": ticket, "otp": totp_code()}, me=me)


@good("POST /user/mfa/recovery-codes")
async def _(world: World) -> Ask:
    return by_token("POST /user/mfa/recovery-codes", await with_totp(world))


@good("POST /elevate/totp")
async def _(world: World) -> Ask:
    return by_token("POST /elevate/totp", await with_totp(world), {"code": totp_code()})


@good("POST /elevate/otp/email/verify")
async def _(world: World) -> Ask:
    me = await world.person()
    assert (await world.ask("POST /elevate/otp/email", by_token("POST /elevate/otp/email", me))).is_success
    return by_token("POST /elevate/otp/email/verify", me, {"otp": (await newest_mail(world, me)).ticket})


@good("POST /signup/webauthn")
async def _(world: World) -> Ask:
    return Ask(path="/signup/webauthn", body={"email": free_address()})


@good("POST /signup/webauthn/verify")
async def _(world: World) -> Ask:
    options = await challenged(world, "/signup/webauthn", {"email": free_address()})
    return Ask(path="/signup/webauthn/verify", body={"credential": Authenticator().create(options)})


@good("POST /signin/webauthn")
async def _(world: World) -> Ask:
    me = (await holder(world)).me
    return Ask(path="/signin/webauthn", body={"email": me.email}, me=me)


@good("POST /signin/webauthn/verify")
async def _(world: World) -> Ask:
    has = await holder(world)
    options = await challenged(world, "/signin/webauthn", {"email": has.me.email})
    return Ask(path="/signin/webauthn/verify", body={"credential": has.key.get(options)}, me=has.me)


@good("POST /user/webauthn/verify")
async def _(world: World) -> Ask:
    me = await world.person()
    options = await challenged(world, "/user/webauthn/add", token=me.token)
    return by_token("POST /user/webauthn/verify", me, {"credential": Authenticator().create(options)})


@good("POST /elevate/webauthn")
async def _(world: World) -> Ask:
    return by_token("POST /elevate/webauthn", (await holder(world)).me)


@good("POST /elevate/webauthn/verify")
async def _(world: World) -> Ask:
    has = await holder(world)
    options = await challenged(world, "/elevate/webauthn", token=has.me.token)
    return by_token("POST /elevate/webauthn/verify", has.me, {"credential": has.key.get(options)})


@good("POST /user/security-keys/remove")
async def _(world: World) -> Ask:
    me = (await holder(world)).me
    key = await world.sql.fetchval("select id from auth.user_security_keys where user_id = $1", me.id)
    return by_token("POST /user/security-keys/remove", me, {"id": str(key)})
