"""Good requests: the account, providers, administration, and whatever wants no more than a token."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from auth_kit import PASSWORD
from matrix_kit import APP, Ask, World, admin_headers, free_address, free_number, query
from matrix_makers import (
    GOOD,
    LATER,
    NEW_PASSWORD,
    NEWCOMER,
    add_pat,
    by_token,
    comes,
    good,
    id_token,
    link,
    newest_mail,
    sms_code,
    under_way,
)

from auth_engine.flows.provider_tokens import keep_tokens
from auth_engine.oauth.profile import Tokens
from auth_engine.store.codes import PHONE_NUMBER


def _plain(route: str, body: Mapping[str, Any] | None = None) -> None:
    """A route that wants neither an account nor anything made before."""

    @good(route)
    async def _(world: World) -> Ask:
        return Ask(path=route.partition(" ")[2], body=body)


def _by_token(route: str, body: Mapping[str, Any] | None = None) -> None:
    """A route that wants somebody's token and no more."""

    @good(route)
    async def _(world: World) -> Ask:
        return by_token(route, await world.person(), body)


for _route in ("GET /healthz", "HEAD /healthz", "GET /readyz", "GET /version", "GET /.well-known/jwks.json"):
    _plain(_route)
_plain("GET /dev/mail")
_plain("POST /signin/anonymous", {"displayName": "Somebody"})

for _route in (
    "GET /user",
    "GET /user/sessions",
    "GET /user/pats",
    "GET /user/export",
    "GET /user/providers",
    "GET /user/security-keys",
    "GET /mfa/totp/generate",
    "POST /user/webauthn/add",
    "POST /user/delete",
    "POST /elevate/otp/email",
):
    _by_token(_route)
_by_token("POST /token/verify", {})
_by_token("POST /signout", {"all": True})
_by_token("POST /pat", {"expiresAt": LATER})
_by_token("POST /user/password", {"newPassword": NEW_PASSWORD})


# ---------------------------------------------------------------- the account


@good("POST /user/email/change")
async def _(world: World) -> Ask:
    return by_token("POST /user/email/change", await world.person(), {"newEmail": free_address()})


@good("POST /user/phone-number/change")
async def _(world: World) -> Ask:
    world.stub.answers["/sms"] = (200, {})
    return by_token("POST /user/phone-number/change", await world.person(), {"phoneNumber": free_number()})


@good("POST /user/phone-number/verify")
async def _(world: World) -> Ask:
    me, kit = await world.person(), await world.kit()
    number = free_number()
    code, stored = await sms_code(world, me, number)
    await kit.store.codes.put(me.id, PHONE_NUMBER, stored, 300, subject=number)
    return by_token("POST /user/phone-number/verify", me, {"otp": code})


@good("POST /user/deanonymize")
async def _(world: World) -> Ask:
    body = {"signInMethod": "email-password", "email": free_address(), "password": PASSWORD}
    return by_token("POST /user/deanonymize", await world.person(anonymous=True), body)


@good("POST /user/pats/revoke")
async def _(world: World) -> Ask:
    me = await world.person()
    return by_token("POST /user/pats/revoke", me, {"id": (await add_pat(world, me))[0]})


@good("POST /user/sessions/revoke")
async def _(world: World) -> Ask:
    me = await world.person()
    return by_token("POST /user/sessions/revoke", me, {"id": me.session})


# ---------------------------------------------------------------- providers


@good("GET /signin/provider/{provider}")
async def _(world: World) -> Ask:
    return Ask(path=query("/signin/provider/discord", redirectTo=APP))


async def returning(world: World) -> Ask:
    """The callback of somebody who is linked."""
    me = await world.person()
    comes(world, await link(world, me, "discord"))
    state, cookie = await under_way(world)
    path = query("/signin/provider/discord/callback", state=state, code="x")
    return Ask(path=path, headers=cookie, me=me)


GOOD["GET /signin/provider/{provider}/callback"] = returning


@good("GET /signin/provider/{provider}/callback", NEWCOMER)
async def _(world: World) -> Ask:
    comes(world, str(uuid.uuid4()), free_address())
    state, cookie = await under_way(world)
    return Ask(path=query("/signin/provider/discord/callback", state=state, code="x"), headers=cookie)


@good("POST /signin/provider/{provider}/callback")
async def _(world: World) -> Ask:
    asked = await returning(world)
    state, code = (part.partition("=")[2] for part in asked.path.partition("?")[2].split("&"))
    return replace(asked, path=asked.path.partition("?")[0], body={"state": state, "code": code})


@good("POST /signin/idtoken")
async def _(world: World) -> Ask:
    me = await world.person()
    token = id_token(world, sub=await link(world, me, "google"), email=me.email)
    return Ask(path="/signin/idtoken", body={"provider": "google", "idToken": token}, me=me)


@good("POST /signin/idtoken", NEWCOMER)
async def _(world: World) -> Ask:
    token = id_token(world, sub=str(uuid.uuid4()), email=free_address())
    return Ask(path="/signin/idtoken", body={"provider": "google", "idToken": token})


@good("POST /link/idtoken")
async def _(world: World) -> Ask:
    token = id_token(world, sub=str(uuid.uuid4()), email=free_address())
    return by_token("POST /link/idtoken", await world.person(), {"provider": "google", "idToken": token})


@good("POST /user/providers/unlink")
async def _(world: World) -> Ask:
    me = await world.person()
    await link(world, me, "discord")
    return by_token("POST /user/providers/unlink", me, {"provider": "discord"})


@good("GET /user/providers/{provider}/token")
async def _(world: World) -> Ask:
    me, kit = await world.person(), await world.kit()
    account = await link(world, me, "discord")
    link_id = await kit.store.providers.link_id(me.id, "discord", account)
    assert link_id is not None
    await keep_tokens(kit.store, kit, link_id, Tokens("theirs", seconds=3600))
    return Ask(path="/user/providers/discord/token", me=me, token=me.token)


# ---------------------------------------------------------------- administration and development


@good("POST /admin/users")
async def _(world: World) -> Ask:
    return Ask(path="/admin/users", body={"email": free_address(), "password": PASSWORD}, headers=admin_headers())


@good("POST /admin/users/invite")
async def _(world: World) -> Ask:
    return Ask(path="/admin/users/invite", body={"email": free_address()}, headers=admin_headers())


@good("POST /admin/users/import")
async def _(world: World) -> Ask:
    return Ask(path="/admin/users/import", body={"email": free_address()}, headers=admin_headers())


@good("POST /admin/users/{id}/disable")
async def _(world: World) -> Ask:
    me = await world.person()
    return Ask(path=f"/admin/users/{me.id}/disable", me=me, headers=admin_headers())


@good("POST /admin/users/{id}/enable")
async def _(world: World) -> Ask:
    me = await world.person(disabled=True)
    return Ask(path=f"/admin/users/{me.id}/enable", me=me, headers=admin_headers())


@good("GET /dev/mail/{id}")
async def _(world: World) -> Ask:
    me = await world.person()
    await world.ask("POST /user/password/reset", Ask(path="/user/password/reset", body={"email": me.email}))
    return Ask(path=f"/dev/mail/{(await newest_mail(world, me)).id}")
