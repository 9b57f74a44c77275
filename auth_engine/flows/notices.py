"""Notices to the owner of an account: something about it changed (auth contract §10, "Mail and SMS")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from auth_engine.core.types import User
from auth_engine.flows.kit import Kit
from auth_engine.flows.links import DAY
from auth_engine.mail.letters import Letter, Template
from auth_engine.store.store import Stores

NOTICE_SECONDS: Final = 7 * DAY


async def put_notice(stores: Stores, kit: Kit, user: User, what: str, also_to: Iterable[str] = ()) -> tuple[str, ...]:
    """Queue a notice to the user's address, and to others (the old one, after a change), inside the transaction of the
    change. `what` is an event of flows.events. The rows, for `deliver_in_background` after the commit.

    No address gets more than AUTH_RATE_LIMIT_RECIPIENT: where addresses need no proof, it may be a stranger's.
    """
    addresses = {address.lower(): address for address in (user.email, *also_to) if address}
    wanted = [addresses[key] for key in sorted(addresses) if await kit.limits.may_notify(stores, key)]
    return tuple([await _put(stores, kit, user, what, address) for address in wanted])


async def _put(stores: Stores, kit: Kit, user: User, what: str, address: str) -> str:
    letter = Letter(
        template=Template.NOTICE.value,
        to=address,
        locale=user.locale,
        display_name=user.display_name,
        email=address,
        subject=what,
    )
    # Not tied to the user: who takes over an account and deletes it would take the notice with it.
    return await kit.post.put_letter(stores, letter, NOTICE_SECONDS)
