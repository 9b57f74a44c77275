"""What good requests are made of: people with this and that, tickets, codes, keys; and the table they are kept in."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyotp
from authenticator_kit import Authenticator, encoded
from fido2 import cbor
from fido2.cose import ES256
from mailed_kit import RecordingSms
from matrix_kit import APP, SIGNER, Ask, Person, Request, World

from auth_engine.core.types import TicketKind
from auth_engine.flows.sms_codes import send_code
from auth_engine.mail.box import BoxedMail
from auth_engine.tokens.refresh import token_hash
from auth_engine.tokens.tickets import NewTicket

CODE: Final = "246810"
"""Six digits."""
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


def by_token(route: str, me: Person, body: Mapping[str, Any] | None = None) -> Ask:
    return Ask(path=route.partition(" ")[2], body=body, me=me, token=me.token)


# ---------------------------------------------------------------- what requests need


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a security key."""

    me: Person
    key: Authenticator


async def holder(world: World, **columns: Any) -> Holder:
    me, key = await world.person(**columns), Authenticator()
    key.user_handle = encoded(me.id.encode())
    cose = cbor.encode(dict(ES256.from_cryptography_key(key.key.public_key())))  # type: ignore[no-untyped-call]
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


async def put_code(world: World, me: Person) -> str:
    """Give somebody a code by mail."""
    made: NewTicket = (await world.kit()).tickets.code(me.id)
    await _put(world, me, made.stored)
    return made.text


async def sms_code(world: World, me: Person, number: str) -> tuple[str, str]:
    """Send somebody a code by SMS: the code, and what is stored of it."""
    sms = RecordingSms()
    stored = await send_code(replace(await world.kit(), sms=sms), me.id, number, "en")
    return sms.code_to(number), stored


async def _put(world: World, me: Person, stored: str) -> None:
    await world.change(me, ticket=stored, ticket_expires_at=datetime.now(UTC) + timedelta(minutes=5))


async def newest_mail(world: World, me: Person) -> BoxedMail:
    """The mail that somebody got last."""
    post = (await world.kit()).post
    await post.settle(5)
    assert post.box is not None
    return next(mail for mail in post.box.newest_first() if me.email in mail.to)


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
