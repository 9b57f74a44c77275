"""POST /admin/users/import: users of another system with the hashes of their passwords, a JSON object a line."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from auth_engine.core.errors import Code, Refused, drop_details
from auth_engine.core.shapes import Identity
from auth_engine.core.types import Line, Lines, Outcome, UserId, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.made_by_admin import Addresses, ensure_reachable, insert, new_user

logger = logging.getLogger(__name__)

MOST_LINES: Final = 100_000
PasswordHash = Annotated[str, Meta(max_length=1_024, pattern=r"^(\$[a-z0-9-]+\$|pbkdf2_sha256\$)")]
"""Any hash that names its form. A text that names none is refused: it may be a password."""
Name = Annotated[str, Meta(min_length=1, max_length=255)]


class ProviderAccount(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """An account at a provider that opens the user's."""

    provider: Name
    provider_user_id: Name


class ImportedUser(Addresses, frozen=True):
    """A line. The hash is kept as it is, and made ours when the user signs in."""

    id: Identity | None = None
    password_hash: PasswordHash | None = None
    created_at: Annotated[datetime, Meta(tz=True)] | None = None
    providers: list[ProviderAccount] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            if self.created_at is not None:
                self.created_at.astimezone(UTC)
        except OverflowError:
            raise ValueError("createdAt is out of range") from None


class ImportedLine(Struct, frozen=True, omit_defaults=True):
    """What became of a line: the new user's id, or the code of the refusal and why."""

    line: int
    id: str = ""
    error: str = ""
    message: str = ""


async def admin_import_users(_: None, visit: Visit, kit: Kit) -> Outcome:
    """A result for each line that is not empty. Every line is a transaction of its own: what is refused leaves no trace
    and stops nobody else, and an import that broke off can be sent again."""
    assert visit.lines is not None
    results: list[ImportedLine] = []
    async for line in visit.lines:
        if len(results) < MOST_LINES:
            results.append(await _result(line, visit, kit))
        elif len(results) == MOST_LINES:
            # The rest is read and dropped, since a client that is still sending does not hear an answer.
            reason = f"more than {MOST_LINES} lines: send what begins here in another request"
            results.append(_refused(line, Refused(Code.INVALID_REQUEST, reason)))
    return Lines(tuple(results))


async def _result(line: Line, visit: Visit, kit: Kit) -> ImportedLine:
    if line.fault:
        return _refused(line, Refused(Code.INVALID_REQUEST, line.fault))
    try:
        return ImportedLine(line.number, id=await _import(line.value, visit, kit))
    except Refused as refused:
        return _refused(line, refused)
    except Exception as error:
        drop_details(error)
        logger.exception("line %d of an import failed", line.number)
        return _refused(line, Refused(Code.INTERNAL))


def _refused(line: Line, refused: Refused) -> ImportedLine:
    refusal = refused.code.refusal
    return ImportedLine(line.number, error=refusal.code, message=refused.reason or refusal.message)


async def _import(body: ImportedUser, visit: Visit, kit: Kit) -> UserId:
    if not body.providers:
        ensure_reachable(body)
    async with kit.store.transaction() as stores:
        new = await new_user(
            body,
            body.email,
            kit,
            stores,
            id=body.id,
            phone_number=body.phone_number,
            password_hash=body.password_hash,
            email_verified=body.email_verified and body.email is not None,
            phone_number_verified=body.phone_number_verified and body.phone_number is not None,
            disabled=body.disabled,
        )
        user = await insert(stores, new)
        accounts = [(each.provider, each.provider_user_id) for each in body.providers]
        if accounts and not await stores.accounts.link_providers(user.id, accounts):
            raise Refused(Code.INVALID_REQUEST, "a provider is unknown, or that account there is linked already")
        if body.created_at is not None:
            await stores.accounts.set_created_at(user.id, body.created_at)
        await events.note(stores, kit, events.IMPORTED, user.id, visit)
    return user.id
