"""For every route a request that succeeds, with everything that it needs: refusals are made of it by a change."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyotp
from auth_kit import PASSWORD
from authenticator_kit import Authenticator, encoded
from fido2 import cbor
from fido2.cose import ES256
from matrix_kit import APP, SIGNER, Ask, Person, Request, World, admin_headers, free_address, free_number, query

from auth_engine.core.types import TicketKind
from auth_engine.flows.provider_tokens import keep_tokens
from auth_engine.oauth.profile import Tokens
from auth_engine.store.codes import ELEVATION, PHONE_NUMBER
from auth_engine.tokens.refresh import token_hash
from auth_engine.tokens.tickets import NewTicket, stored_code

CODE: Final = "246810"
SECRET: Final = pyotp.random_base32()
NEW_PASSWORD: Final = "A new password, long enough"
LATER: Final = "2099-01-01T00:00:00Z"

GOOD: dict[str, Request] = {}
"""Route → the request. Of routes that know somebody already, it is about somebody who is known."""
NEWCOMER: dict[str, Request] = {}
"""Route → the request of somebody who is new, where both may come."""


def good(route: str, into: dict[str, Request] = GOOD) -> Callable[[Request], Request]:
    def keep(request: Request) -> Request:
        assert route not in into, route
        into[route] = request
        return request

    return keep


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


def by_token(route: str, me: Person, body: Mapping[str, Any] | None = None) -> Ask:
    return Ask(path=route.partition(" ")[2], body=body, me=me, token=me.token)


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


# ---------------------------------------------------------------- what requests need


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a security key."""

    me: Person
    key: Authenticator


async def holder(world: World, **columns: Any) -> Holder:
    me, key = await world.person(**columns), Authenticator()
    key.user_handle = encoded(me.id.encode())
    cose = cbor.encode(dict(ES256.from_cryptography_key(key.key.public_key())))
    insert = "insert into auth.user_security_keys (user_id, credential_id, credential_public_key) values ($1, $2, $3)"
    await world.sql.execute(insert, me.id, encoded(key.credential_id), cose)
    return Holder(me, key)


async def with_totp(world: World, **columns: Any) -> Person:
    return await world.person(**{"totp_secret": SECRET, "active_mfa_type": "totp", **columns})


def totp_code() -> str:
    return pyotp.TOTP(SECRET).now()


async def put_ticket(world: World, me: Person, kind: TicketKind) -> str:
    """Give somebody a ticket; its text."""
    made: NewTicket = (await world.kit()).tickets.ticket(kind)
    await _put(world, me, made.stored)
    return made.text


async def put_code(world: World, me: Person) -> None:
    """Give somebody the code CODE by mail."""
    await _put(world, me, stored_code((await world.kit()).seals, me.id, CODE))


async def _put(world: World, me: Person, stored: str) -> None:
    await world.change(me, ticket=stored, ticket_expires_at=datetime.now(UTC) + timedelta(minutes=5))


async def link(world: World, me: Person, provider: str, account: str = "") -> str:
    """Link an account at a provider; its id there."""
    account = account or str(uuid.uuid4())
    insert = "insert into auth.user_providers (user_id, access_token, provider_id, provider_user_id)"
    await world.sql.execute(f"{insert} values ($1, 'unset', $2, $3)", me.id, provider, account)
    return account


async def add_pat(world: World, me: Person) -> tuple[str, str]:
    """The id and the token."""
    token = str(uuid.uuid4())
    row = await (await world.kit()).store.accounts.add_pat(
        me.id, token_hash(token), datetime.now(UTC) + timedelta(days=1), None
    )
    return row, token


def id_token(world: World, **claims: Any) -> str:
    """Of Google, signed by keys that it publishes."""
    world.stub.answers["/keys"] = (200, {"keys": [SIGNER.jwk]})
    return SIGNER.sign({"iss": "https://accounts.google.com", "aud": "our app", "email_verified": True, **claims})


async def challenged(world: World, path: str, body: Any = None, token: str | None = None) -> dict[str, Any]:
    """Options with an open challenge."""
    answer = await world.ask(f"POST {path}", Ask(path=path, body=body, token=token))
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()
    return options


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
    await put_code(world, me)
    return Ask(path="/signin/otp/email/verify", body={"email": me.email, "otp": CODE}, me=me)


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
    stored = stored_code((await world.kit()).seals, me.id, CODE)
    await world.change(me, otp_hash=stored, otp_hash_expires_at=datetime.now(UTC) + timedelta(minutes=5))
    return Ask(path="/signin/passwordless/sms/otp", body={"phoneNumber": number, "otp": CODE}, me=me)


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
    me, kit = await world.person(), await world.kit()
    await kit.store.codes.put(me.id, ELEVATION, kit.seals.digest(ELEVATION, me.id, me.session, CODE), 300)
    return by_token("POST /elevate/otp/email/verify", me, {"otp": CODE})


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
    stored = stored_code(kit.seals, me.id, CODE)
    await kit.store.codes.put(me.id, PHONE_NUMBER, stored, 300, subject=free_number())
    return by_token("POST /user/phone-number/verify", me, {"otp": CODE})


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


async def under_way(world: World, **arguments: str) -> tuple[str, dict[str, str]]:
    """A sign-in that this browser began at Discord: the state, and its cookie as a header."""
    server = await world.server()
    begun = await server.client.get("/signin/provider/discord", params={"redirectTo": APP, **arguments})
    assert begun.status_code == 302, begun.text
    cookie = begun.headers["set-cookie"].partition(";")[0]
    server.client.cookies.clear()
    return begun.headers["location"].partition("state=")[2].partition("&")[0], {"Cookie": cookie}


def comes(world: World, account: str, email: str | None = None, *, verified: bool = True) -> None:
    """Somebody arrives from Discord."""
    world.stub.answers["/token"] = (200, {"access_token": "theirs", "expires_in": 3600})
    world.stub.answers["/profile"] = (200, {"id": account, "username": "x", "email": email, "verified": verified})


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
    server = await world.server()
    await world.ask("POST /user/password/reset", await GOOD["POST /user/password/reset"](world))
    await server.engine.kit.post.settle(5)
    box = server.engine.kit.post.box
    assert box is not None
    return Ask(path=f"/dev/mail/{box.newest_first()[0].id}")
