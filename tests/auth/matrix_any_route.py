"""The cases of any route: too often, not of the contract's shape, without a usable token."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from matrix_cases import WITH_TOKEN, Change, changed, routes_with
from matrix_kit import BY_NAME, Ask, Case, World
from matrix_requests import GOOD

from auth_engine.core.errors import Code
from auth_engine.http.route import Access, Route

FIELDS: Final = {
    "email": "email",
    "new_email": "newEmail",
    "password": "password",
    "new_password": "newPassword",
    "phone_number": "phoneNumber",
    "otp": "otp",
    "code": "code",
    "id": "id",
    "ticket": "ticket",
    "refresh_token": "refreshToken",
}
"""What bodies have in common, as they write it."""
_BY_FIELD: Final[dict[str, Callable[[Ask, str], Any]]] = {
    "a number": lambda ask, field: 7,
    "null": lambda ask, field: None,
    "too long": lambda ask, field: f"{ask.body.get(field, '')}{'x' * 1_025}",
}


def any_route_cases() -> Iterator[Case]:
    yield from _too_many()
    yield from _not_good()
    yield from _astray()
    yield from _tokens()


def _too_many() -> Iterator[Case]:
    """Whoever asks too often is told so before anything is looked at."""
    for name in routes_with(Code.TOO_MANY_REQUESTS):
        path = BY_NAME[name].path.replace("{", "").replace("}", "")

        async def once_more(world: World, path: str = path) -> Ask:
            headers = {"X-Forwarded-For": f"2001:db8:{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}::1"}
            assert (await world.ask("GET /version", Ask(path="/version", headers=headers), "counted")).is_success
            return Ask(path=path, headers=headers)

        yield Case(name, Code.TOO_MANY_REQUESTS, "by address", once_more, on="counted")


def _not_good() -> Iterator[Case]:
    """What is not of the contract's shape."""
    for name in routes_with(Code.INVALID_REQUEST):
        for why, change in _spoilings(BY_NAME[name]).items():
            yield Case(name, Code.INVALID_REQUEST, why, changed(GOOD[name], change))


def _spoilings(route: Route) -> dict[str, Change]:
    spoilings: dict[str, Change] = {}
    if route.query:
        spoilings["a query that is no UTF-8"] = _put(lambda ask: {"path": f"{ask.path}&x=%ff"})
    if route.body is not None:
        spoilings["another content type"] = _put(lambda ask: {"headers": {**ask.headers, "Content-Type": "text/plain"}})
    if route.form:
        spoilings["a form that is no UTF-8"] = _put(lambda ask: {"raw": b"state=%ff&ticket=%ff"})
        spoilings["an empty form"] = _put(lambda ask: {"raw": b""})
    elif route.body is not None and not route.lines:
        spoilings.update(_spoilt_json(route))
    return spoilings


def _spoilt_json(route: Route) -> dict[str, Change]:
    assert route.body is not None
    spoilings = {
        "broken JSON": _put(lambda ask: {"raw": b'{"'}),
        "no object": _put(lambda ask: {"raw": b"[]"}),
        "a body that is too long": _put(lambda ask: {"raw": b'{"x":"' + b"x" * 1_048_576 + b'"}'}),
    }
    if not route.body_optional:
        spoilings["no body"] = _put(lambda ask: {"raw": b""})
    if route.path == "/signout":
        return spoilings  # what it does not know it does not look at
    spoilings["an unknown field"] = _put(lambda ask: {"body": {**ask.body, "unheardOf": 1}})
    for field in route.body.__struct_fields__:
        for why, value in _BY_FIELD.items() if field in FIELDS else ():
            spoilings[f"{FIELDS[field]}: {why}"] = _with(FIELDS[field], value)
    return spoilings


def _put(parts: Callable[[Any], dict[str, Any]]) -> Change:
    async def change(world: World, ask: Ask) -> Ask:
        return replace(ask, **parts(ask))

    return change


def _with(field: str, value: Callable[[Ask, str], Any]) -> Change:
    return _put(lambda ask: {"body": {**ask.body, field: value(ask, field)}})


def _astray() -> Iterator[Case]:
    """A segment that is no segment."""
    for name, route in BY_NAME.items():
        before, brace, after = route.path.partition("{")
        for why, segment in (("an escaped segment", "%78"), ("an empty segment", "")) if brace else ():
            change = _at(before + segment + after.partition("}")[2])
            yield Case(name, Code.NOT_FOUND, why, changed(GOOD[name], change))


def _at(path: str) -> Change:
    return _put(lambda ask: {"path": path})


def _tokens() -> Iterator[Case]:
    """Who brings no usable token, or one that would have to be elevated."""
    for name in WITH_TOKEN:
        for why, change in {
            "no token": _put(lambda ask: {"token": None}),
            "a token that was changed": _put(lambda ask: {"token": f"{ask.token[:-4]}AAAA"}),
            "three words": _put(lambda ask: {"headers": {"Authorization": f"Bearer {ask.token} x"}}),
            "another scheme": _put(lambda ask: {"headers": {"Authorization": f"Basic {ask.token}"}}),
        }.items():
            yield Case(name, Code.INVALID_REQUEST, why, changed(GOOD[name], change))
        if BY_NAME[name].access is Access.ELEVATED:
            request = changed(GOOD[name], _has_key)
            yield Case(name, Code.INVALID_REQUEST, "not elevated", request, on="elevated")


async def _has_key(world: World, ask: Ask) -> Ask:
    """With a key every route that wants elevation asks for it."""
    assert ask.me is not None
    insert = "insert into auth.user_security_keys (user_id, credential_id) values ($1, $2)"
    await world.sql.execute(insert, ask.me.id, str(uuid.uuid4()))
    return ask
