"""The cases of single routes: the account, providers, mailed links, administration and development."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from auth_kit import PASSWORD
from matrix_cases import EVIL
from matrix_kit import APP, KEPT_OUT, Ask, World, free_address, free_number, query
from matrix_makers import (
    by_token,
    id_token,
    link,
)
from matrix_own_cases import NOBODY, OWN, but, case, own, setting
from matrix_requests import GOOD

from auth_engine.core.errors import Code

__all__ = ["OWN"]


# ---------------------------------------------------------------- the account

but("POST /user/deanonymize", Code.INVALID_REQUEST, "no password", password=None)
but("POST /user/deanonymize", Code.INVALID_REQUEST, "an unknown way", signInMethod="sms")
but("POST /user/pats/revoke", Code.INVALID_REQUEST, "no such token", id=NOBODY)
but("POST /user/sessions/revoke", Code.INVALID_REQUEST, "no such session", id=NOBODY)
but("POST /pat", Code.INVALID_REQUEST, "no moment", expiresAt="tomorrow")
but("POST /signin/pat", Code.INVALID_PAT, "an unknown token", personalAccessToken=NOBODY)


@case("POST /signin/pat", Code.INVALID_PAT, "a refresh token")
async def _(world: World) -> Ask:
    return Ask(path="/signin/pat", body={"personalAccessToken": (await world.person()).refresh})


@case("POST /signin/pat", Code.INVALID_PAT, "from before the user was disabled")
async def _(world: World) -> Ask:
    ask = await GOOD["POST /signin/pat"](world)
    assert ask.me is not None
    for disabled in (True, False):
        await world.change(ask.me, disabled=disabled)
    return ask


for _why, _anonymous in (("by its token", False), ("by the database", True)):

    @case("POST /user/deanonymize", Code.USER_NOT_ANONYMOUS, _why)
    async def _(world: World, anonymous: bool = _anonymous) -> Ask:
        me = await world.person(anonymous=anonymous)
        await world.change(me, is_anonymous=False)
        body = {"signInMethod": "email-password", "email": free_address(), "password": PASSWORD}
        return by_token("POST /user/deanonymize", me, body)


@case("POST /user/delete", Code.USER_IN_USE, "a table of the application holds the user")
async def _(world: World) -> Ask:
    me = await world.person()
    await world.sql.execute("insert into public.bills values ($1)", me.id)
    return by_token("POST /user/delete", me)


# ---------------------------------------------------------------- providers

but("POST /signin/idtoken", Code.INVALID_REQUEST, "no id token", idToken="x.y.z")
but("POST /signin/idtoken", Code.INVALID_REQUEST, "an unknown provider", provider="github")
but("POST /signin/idtoken", Code.INVALID_REQUEST, "a nonce that the token lacks", nonce="x")
but("POST /link/idtoken", Code.INVALID_REQUEST, "no id token", idToken="x.y.z")
but("POST /user/providers/unlink", Code.INVALID_REQUEST, "not linked", provider="github")
setting("POST /user/providers/unlink", Code.LAST_SIGN_IN_METHOD, "the only way in", password_hash=None, email=None)


@case("POST /signin/idtoken", Code.EMAIL_ALREADY_IN_USE, "an address that nobody vouches for")
async def _(world: World) -> Ask:
    token = id_token(world, sub=NOBODY, email=(await world.person()).email, email_verified=False)
    return Ask(path="/signin/idtoken", body={"provider": "google", "idToken": token})


@case("POST /signin/idtoken", Code.INVALID_EMAIL_PASSWORD, "an address kept out")
async def _(world: World) -> Ask:
    token = id_token(world, sub=NOBODY, email=free_address(KEPT_OUT))
    return Ask(path="/signin/idtoken", body={"provider": "google", "idToken": token})


@case("POST /link/idtoken", Code.INVALID_REQUEST, "linked already")
async def _(world: World) -> Ask:
    account = await link(world, await world.person(), "google")
    body = {"provider": "google", "idToken": id_token(world, sub=account, email=free_address())}
    return by_token("POST /link/idtoken", await world.person(), body)


_TOKEN_OF: Final = "GET /user/providers/{provider}/token"


@case(_TOKEN_OF, Code.INVALID_REQUEST, "not linked")
async def _(world: World) -> Ask:
    me = await world.person()
    return Ask(path="/user/providers/github/token", me=me, token=me.token)


@case(_TOKEN_OF, Code.OAUTH_EXCHANGE_FAILED, "it has ended")
async def _(world: World) -> Ask:
    ask = await GOOD[_TOKEN_OF](world)
    await world.sql.execute("update auth_engine.provider_tokens set expires_at = now()")
    return ask


def _at(route: str, code: Code, why: str, path: str, on: str = "open", token: bool = False) -> None:
    async def make(world: World) -> Ask:
        return Ask(path=path, token=(await world.person()).token if token else None)

    own(route, code, why, make, on=on)


_START, _BACK = "GET /signin/provider/{provider}", "GET /signin/provider/{provider}/callback"
_DISCORD: Final = "/signin/provider/discord"
_at(_START, Code.REDIRECT_NOT_ALLOWED, "elsewhere", query(_DISCORD, redirectTo=EVIL))
_at(_START, Code.REDIRECT_NOT_ALLOWED, "nowhere", _DISCORD, "homeless")
_at(_START, Code.INVALID_REQUEST, "an unknown provider", query("/signin/provider/nobody", redirectTo=APP))
_at(_START, Code.INVALID_REQUEST, "metadata that is no JSON", query(_DISCORD, redirectTo=APP, metadata="{"))
_at(_START, Code.INVALID_REQUEST, "a name that is none", query(_DISCORD, redirectTo=APP, displayName="a/b"))
_at(_BACK, Code.INVALID_REQUEST, "no state", query(f"{_DISCORD}/callback", code="x"))
_at(_BACK, Code.INVALID_REQUEST, "an unknown provider", query("/signin/provider/nobody/callback", state="x"))
_at(_BACK, Code.INVALID_STATE, "no AUTH_CLIENT_URL", query(f"{_DISCORD}/callback", state="x", code="x"), "homeless")
_at(
    _BACK,
    Code.DISABLED_ENDPOINT,
    "no AUTH_CLIENT_URL",
    query("/signin/provider/google/callback", state="x"),
    "homeless",
)
for _code, _path in ((Code.INVALID_STATE, _DISCORD), (Code.DISABLED_ENDPOINT, "/signin/provider/google")):

    @case(_BACK.replace("GET", "POST"), _code, "no AUTH_CLIENT_URL", on="homeless")
    async def _(world: World, path: str = _path) -> Ask:
        return Ask(path=f"{path}/callback", body={"state": "x", "code": "x"})


# ---------------------------------------------------------------- mailed links

_at("GET /verify", Code.INVALID_REQUEST, "no ticket", query("/verify", redirectTo=APP))
_at("GET /verify", Code.INVALID_REQUEST, "no target", query("/verify", ticket=f"verifyEmail:{NOBODY}"))
_at(
    "GET /verify",
    Code.REDIRECT_NOT_ALLOWED,
    "no AUTH_CLIENT_URL",
    query("/verify", ticket=f"verifyEmail:{NOBODY}", redirectTo=EVIL),
    "homeless",
)
but("POST /verify", Code.INVALID_REQUEST, "no ticket", ticket=None)
but("POST /verify", Code.INVALID_REQUEST, "an empty target", redirectTo="")
but("POST /verify", Code.REDIRECT_NOT_ALLOWED, "no AUTH_CLIENT_URL", "homeless", redirectTo=EVIL)


# ---------------------------------------------------------------- administration and development

for _route in ("POST /admin/users", "POST /admin/users/invite"):
    but(_route, Code.ROLE_NOT_ALLOWED, "no such role", roles=["nobody"])
    but(_route, Code.DEFAULT_ROLE_NOT_ALLOWED, "another default role", roles=["user"], defaultRole="me")
but("POST /admin/users", Code.INVALID_REQUEST, "nothing to reach the user by", email=None)
but("POST /admin/users/invite", Code.REDIRECT_NOT_ALLOWED, "elsewhere", redirectTo=EVIL)
_at("GET /dev/mail", Code.NOT_FOUND, "no mail box", "/dev/mail", "off")
_at("GET /dev/mail/{id}", Code.NOT_FOUND, "no such mail", f"/dev/mail/{NOBODY}")


@case("POST /admin/users", Code.USER_EXISTS, "a taken number")
async def _(world: World) -> Ask:
    number = free_number()
    await world.person(phone_number=number)
    return (await GOOD["POST /admin/users"](world)).but(phoneNumber=number)


@case("GET /dev/mail", Code.NOT_FOUND, "a page of another site")
async def _(world: World) -> Ask:
    return Ask(path="/dev/mail", headers={"Origin": "https://evil.test"})


for _what in ("disable", "enable"):
    for _why, _id in (("nobody", NOBODY), ("no id", "x")):

        @case(f"POST /admin/users/{{id}}/{_what}", Code.USER_NOT_FOUND, _why)
        async def _(world: World, what: str = _what, identity: str = _id) -> Ask:
            ask = await GOOD[f"POST /admin/users/{{id}}/{what}"](world)
            return replace(ask, path=f"/admin/users/{identity}/{what}")
