"""POST /pat: a personal access token, which signs in until it expires or is revoked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from auth_engine.core.account_shapes import PatMade
from auth_engine.core.fields import Body, Metadata
from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.notices import put_notice
from auth_engine.flows.visitor import ensure_still_in, owner
from auth_engine.tokens.refresh import new_token, token_hash

Moment = Annotated[datetime, Meta(tz=True)]
"""RFC 3339, with its offset."""


class CreatePat(Body, frozen=True):
    expires_at: Moment
    """Taken as given, as Hasura Auth does: one in the past makes a token that never signs in."""
    metadata: Metadata | None = None

    def __post_init__(self) -> None:
        try:
            self.expires_at.astimezone(UTC)
        except OverflowError:
            raise ValueError("expiresAt is out of range") from None


async def create_pat(body: CreatePat, visit: Visit, kit: Kit) -> Outcome:
    """The token is shown this once; its hash is kept. The owner is told by mail."""
    user = await owner(visit, kit)
    token = new_token()
    async with kit.store.transaction() as stores:
        await ensure_still_in(stores, user.id, visit)
        pat_id = await stores.accounts.add_pat(user.id, token_hash(token), body.expires_at, body.metadata)
        detail = {"pat": pat_id, "expiresAt": body.expires_at}
        await events.note(stores, kit, events.PAT_MADE, user.id, visit, detail)
        notices = await put_notice(stores, kit, user, events.PAT_MADE)
    kit.post.deliver_in_background(*notices)
    return Data(PatMade(pat_id, token))
