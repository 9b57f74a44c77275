"""POST /admin/users/invite: an account for whoever opens the mailbox."""

from __future__ import annotations

from typing import Final

from auth_engine.core.fields import Email
from auth_engine.core.rules import redirect_target
from auth_engine.core.shapes import user_shape
from auth_engine.core.types import Data, Outcome, TicketKind, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.links import DAY
from auth_engine.flows.made_by_admin import Profile, insert, new_user
from auth_engine.flows.mailing import link_with, put_mail
from auth_engine.mail.letters import Template

INVITATION_SECONDS: Final = 7 * DAY


class InviteUser(Profile, frozen=True, kw_only=True):
    email: Email
    redirect_to: str | None = None


async def admin_invite_user(body: InviteUser, visit: Visit, kit: Kit) -> Outcome:
    """The new user, who has no password and no verified address. The mailed link signs in once, within a week, and
    verifies the address thereby; the session it opens can set a password. Nobody but the mailbox gets the link."""
    redirect_to = redirect_target(body.redirect_to, kit.settings, kit.redirects)
    kind = TicketKind.PASSWORDLESS_EMAIL
    invitation = link_with(kit, Template.INVITE, kind, INVITATION_SECONDS, redirect_to)
    async with kit.store.transaction() as stores:
        new = await new_user(
            body, body.email, kit, stores, ticket=invitation.ticket.stored, ticket_seconds=INVITATION_SECONDS
        )
        user = await insert(stores, new)
        await events.note(stores, kit, events.INVITED, user.id, visit, {"roles": user.roles})
        row = await put_mail(stores, kit, user, visit, invitation)
    await kit.post.deliver(row)
    return Data(user_shape(user, in_session=False))
