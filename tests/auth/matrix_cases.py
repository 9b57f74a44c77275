"""The cases that several routes share, made of their good requests; those of one route stand in `matrix_own_cases`."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
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
from auth_engine.http.route import Access, Route

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
_TAKE_ADDRESSES: Final = ("POST /signup/webauthn", "POST /user/deanonymize")
EMAILS: Final = {"POST /user/email/change": "newEmail"}
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
    yield from _too_many()
    yield from _not_good()
    yield from _tokens()
    yield from _switched_off()
    yield from _valid_user()
    yield from _options()
    yield from _new_passwords()
    yield from _sign_up_rules()
    yield from _administration()


# ---------------------------------------------------------------- for any route


def _too_many() -> Iterator[Case]:
    """Whoever asks too often is told so before anything is looked at."""
    for name in routes_with(Code.TOO_MANY_REQUESTS):
        path = BY_NAME[name].path.replace("{", "").replace("}", "")

        async def once_more(world: World, path: str = path) -> Ask:
            headers = {"X-Forwarded-For": f"2001:db8:{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}::1"}
            assert (await world.ask("GET /version", Ask(path="/version", headers=headers), "counted")).is_success
            return Ask(path=path, headers=headers)

        yield Case(route=name, code=Code.TOO_MANY_REQUESTS, why="by address", request=once_more, on="counted")


def _not_good() -> Iterator[Case]:
    """What is not of the contract's shape."""
    for name, route in BY_NAME.items():
        for why, change in _spoilings(route).items():
            yield Case(route=name, code=Code.INVALID_REQUEST, why=why, request=changed(GOOD[name], change))
        if "{" in route.path:
            for why, segment in (("an escaped segment", "%78"), ("an empty segment", "")):
                path = route.path[: route.path.index("{")] + segment + route.path[route.path.index("}") + 1 :]

                async def astray(world: World, ask: Ask, path: str = path) -> Ask:
                    return replace(ask, path=path)

                yield Case(route=name, code=Code.NOT_FOUND, why=why, request=changed(GOOD[name], astray))


def _spoilings(route: Route) -> dict[str, Change]:
    if Code.INVALID_REQUEST not in refusals_of(route):
        return {}
    spoilings: dict[str, Change] = {}
    if route.query or "{" in route.path:
        spoilings["a query that is no UTF-8"] = _put(lambda ask: {"path": f"{ask.path}{_joint(ask.path)}x=%ff"})
    if route.body is None or route.lines:
        if route.lines:
            spoilings["another content type"] = _put(lambda ask: _typed(ask, "application/json"))
        return spoilings
    spoilings["another content type"] = _put(lambda ask: _typed(ask, "text/plain"))
    if route.form:
        spoilings["a form that is no UTF-8"] = _put(lambda ask: {"raw": b"state=%ff&ticket=%ff"})
        spoilings["an empty form"] = _put(lambda ask: {"raw": b""})
        return spoilings
    spoilings["broken JSON"] = _put(lambda ask: {"raw": b'{"'})
    spoilings["no object"] = _put(lambda ask: {"raw": b"[]"})
    spoilings["a body that is too long"] = _put(lambda ask: {"raw": b'{"x":"' + b"x" * 1_048_576 + b'"}'})
    if not route.body_optional:
        spoilings["no body"] = _put(lambda ask: {"raw": b""})
    if route.path != "/signout":
        spoilings["an unknown field"] = _put(lambda ask: {"body": {**ask.body, "unheardOf": 1}})
    for field in ("email", "newEmail", "password", "newPassword", "otp", "code", "id", "ticket", "refreshToken"):
        if field in route.body.__annotations__ or _snake(field) in route.body.__struct_fields__:
            spoilings[f"{field} is a number"] = _put(lambda ask, field=field: {"body": {**ask.body, field: 7}})
            spoilings[f"{field} is null"] = _put(lambda ask, field=field: {"body": {**ask.body, field: None}})
            if route.path != "/signout":
                spoilings[f"{field} is too long"] = _put(lambda ask, field=field: _too_long(ask, field))
    return spoilings


def _put(parts: Callable[..., dict[str, Any]]) -> Change:
    async def change(world: World, ask: Ask) -> Ask:
        return replace(ask, **parts(ask))

    return change


def _joint(path: str) -> str:
    return "&" if "?" in path else "?"


def _typed(ask: Ask, content_type: str) -> dict[str, Any]:
    return {"headers": {**ask.headers, "Content-Type": content_type}}


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


def _too_long(ask: Ask, field: str) -> dict[str, Any]:
    return {"body": {**ask.body, field: f"{ask.body.get(field, '')}{'x' * 1_025}"}}


def _tokens() -> Iterator[Case]:
    """Who brings no usable token, or one that would have to be elevated."""
    for name in WITH_TOKEN:
        for why, change in {
            "no token": _put(lambda ask: {"token": None}),
            "a token that was changed": _put(lambda ask: {"token": f"{ask.token[:-4]}AAAA"}),
            "three words": _put(lambda ask: {"headers": {"Authorization": f"Bearer {ask.token} x"}}),
            "another scheme": _put(lambda ask: {"headers": {"Authorization": f"Basic {ask.token}"}}),
        }.items():
            yield Case(route=name, code=Code.INVALID_REQUEST, why=why, request=changed(GOOD[name], change))
        if BY_NAME[name].access is Access.ELEVATED:
            request = changed(GOOD[name], _has_key)
            yield Case(route=name, code=Code.INVALID_REQUEST, why="not elevated", request=request, on="elevated")


async def _has_key(world: World, ask: Ask) -> Ask:
    """With a key every route that wants elevation asks for it."""
    assert ask.me is not None
    insert = "insert into auth.user_security_keys (user_id, credential_id) values ($1, $2)"
    await world.sql.execute(insert, ask.me.id, str(uuid.uuid4()))
    return ask


def _switched_off() -> Iterator[Case]:
    for name in routes_with(Code.DISABLED_ENDPOINT):
        if "callback" not in name:
            yield Case(
                route=name, code=Code.DISABLED_ENDPOINT, why="switched off", request=GOOD[name], on="off"
            )  # fmt: skip


# ---------------------------------------------------------------- the valid user


async def _kept_out(world: World, ask: Ask) -> Ask:
    assert ask.me is not None
    email = free_address(KEPT_OUT)
    await world.change(ask.me, email=email)
    return ask.but(email=email) if ask.body and "email" in ask.body else ask


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


STATES: Final[Mapping[str, tuple[Code, Change]]] = {
    "kept out by the access lists": (Code.INVALID_EMAIL_PASSWORD, _kept_out),
    "disabled": (Code.DISABLED_USER, _column(disabled=True)),
    "unverified": (Code.UNVERIFIED_USER, _column(email_verified=False)),
    "anonymous": (Code.FORBIDDEN_ANONYMOUS, _column(is_anonymous=True)),
    "gone": (Code.INVALID_EMAIL_PASSWORD, _gone),
}
"""What makes a valid user invalid."""


def _valid_user() -> Iterator[Case]:
    for name in (*WITH_TOKEN, *OPTIONAL_TOKEN, *KNOWN_OTHERWISE):
        for why, (code, change) in STATES.items():
            by_token = name in (*WITH_TOKEN, *OPTIONAL_TOKEN)
            if code in CODES[name] and (by_token or why != "gone") and (name, why) not in _OTHERWISE:
                yield Case(
                    route=name, code=code, why=why, request=changed(GOOD[name], change),
                    changes=CONSUMING.get(name, frozenset()),
                )  # fmt: skip


_OTHERWISE: Final = {
    ("POST /user/deanonymize", "kept out by the access lists"),
    ("POST /user/deanonymize", "unverified"),
    ("POST /user/deanonymize", "anonymous"),
}
"""An anonymous visitor has no address."""


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

                async def wish(world: World, ask: Ask, options: dict[str, Any] = options) -> Ask:
                    return ask.but(options=options)

                yield Case(route=name, code=code, why="in options", request=changed(newcomer(name), wish))


def _new_passwords() -> Iterator[Case]:
    for name in routes_with(Code.PASSWORD_TOO_SHORT):
        field = PASSWORDS.get(name, "password")

        async def short(world: World, ask: Ask, field: str = field) -> Ask:
            return ask.but(**{field: SHORT_PASSWORD})

        async def known(world: World, ask: Ask, field: str = field) -> Ask:
            world.stub.answers.update(known_passwords())
            return ask.but(**{field: KNOWN_PASSWORD})

        yield Case(route=name, code=Code.PASSWORD_TOO_SHORT, why="too short", request=changed(GOOD[name], short))
        yield Case(route=name, code=Code.PASSWORD_IN_HIBP, why="known", request=changed(GOOD[name], known))
    for name in routes_with(Code.BUSY):
        if name != "POST /signin/passwordless/sms/otp":
            yield Case(route=name, code=Code.BUSY, why="the queue is full", request=GOOD[name], on="busy")


def known_passwords() -> dict[str, tuple[int, str]]:
    """What haveibeenpwned says of the password that everybody knows."""
    import hashlib

    digest = hashlib.sha1(KNOWN_PASSWORD.encode(), usedforsecurity=False).hexdigest().upper()
    return {f"/range/{digest[:5]}": (200, f"{digest[5:]}:42")}


# ---------------------------------------------------------------- signing up


def _sign_up_rules() -> Iterator[Case]:
    for name in routes_with(Code.SIGNUP_DISABLED):
        yield Case(
            route=name, code=Code.SIGNUP_DISABLED, why="nobody may sign up", request=newcomer(name), on="closed"
        )  # fmt: skip
    for name, changes in SIGNS_UP.items():
        yield Case(
            route=name, code=Code.DISABLED_USER, why="new users are disabled", request=newcomer(name), on="shut",
            changes=changes,
        )  # fmt: skip
    for name in routes_with(Code.CAPTCHA_FAILED):
        yield Case(route=name, code=Code.CAPTCHA_FAILED, why="not solved", request=GOOD[name], on="guarded")
        wrong = changed(GOOD[name], _put(lambda ask: {"headers": {"X-Cf-Turnstile-Response": "wrong"}}))
        yield Case(route=name, code=Code.CAPTCHA_FAILED, why="solved wrongly", request=wrong, on="guarded")
    for name in routes_with(Code.EMAIL_ALREADY_IN_USE):
        body = BY_NAME[name].body
        field = EMAILS.get(name, "email")
        if body is not None and _snake(field) in body.__struct_fields__:

            async def taken(world: World, ask: Ask, field: str = field) -> Ask:
                return ask.but(**{field: (await world.person()).email.upper()})

            request = changed(GOOD[name], taken)
            yield Case(route=name, code=Code.EMAIL_ALREADY_IN_USE, why="in capitals", request=request)
    for name in routes_with(Code.INVALID_EMAIL_PASSWORD, among=(*SIGNS_UP, *EMAILS, *_TAKE_ADDRESSES)):
        body = BY_NAME[name].body
        field = EMAILS.get(name, "email")
        if body is not None and _snake(field) in body.__struct_fields__:

            async def outsider(world: World, ask: Ask, field: str = field) -> Ask:
                return ask.but(**{field: free_address(KEPT_OUT.upper())})

            request = changed(newcomer(name), outsider)
            yield Case(route=name, code=Code.INVALID_EMAIL_PASSWORD, why="an address kept out", request=request)


# ---------------------------------------------------------------- administration


def _administration() -> Iterator[Case]:
    for name in routes_with(Code.INVALID_ADMIN_SECRET):

        async def as_user(world: World, ask: Ask) -> Ask:
            me = await world.person()
            return replace(ask, token=access_token(me.id, me.session, elevated=True), headers={})

        async def wrong(world: World, ask: Ask) -> Ask:
            return replace(ask, headers=admin_headers(ADMIN_SECRET.upper()))

        for why, change in {"no secret": as_user, "another secret": wrong}.items():
            yield Case(route=name, code=Code.INVALID_ADMIN_SECRET, why=why, request=changed(GOOD[name], change))
