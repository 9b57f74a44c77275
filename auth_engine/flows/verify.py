"""GET and POST /verify: what a mailed link does. Auth contract §2 and §10, "GET /verify and mail scanners"."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Otp
from auth_engine.core.redirects import with_query
from auth_engine.core.types import NeedsTotp, Outcome, Page, Redirect, SignedIn, TicketKind, Visit
from auth_engine.flows.error_redirects import redirect_error, redirect_error_home
from auth_engine.flows.first_factor import entered
from auth_engine.flows.kit import Kit
from auth_engine.flows.redeem_ticket import METHODS, find_holder, redeem
from auth_engine.flows.sign_in_mfa_totp import SignInMfaTotp, sign_in_mfa_totp
from auth_engine.flows.verify_page import verify_page
from auth_engine.tokens.tickets import kind_of, stored_forms

_FOUND: Final = 302
_SEE_OTHER: Final = 303
_KINDS: Final = frozenset(kind.value for kind in METHODS)
_Given = Annotated[str, Meta(min_length=1)]


class Verify(Body, frozen=True, forbid_unknown_fields=False):
    """The form of the confirmation page. With a ticket for the second factor, `type` says what the link was for."""

    ticket: _Given
    redirect_to: _Given
    otp: Otp | None = None
    type: str | None = None


async def get_verify(_: None, visit: Visit, kit: Kit) -> Outcome:
    """A page that asks, for browsers; whoever else comes has the ticket redeemed at once. What only looks (prefetch)
    consumes nothing."""
    ticket, redirect_to = visit.query.get("ticket"), visit.query.get("redirectTo")
    if not ticket or not redirect_to:
        raise Refused(Code.INVALID_REQUEST, "ticket or redirectTo is missing")
    if not kit.redirects.allow(redirect_to):  # never gone to, not even to tell the error
        return redirect_error_home(Code.REDIRECT_NOT_ALLOWED, kit, status=_FOUND)
    try:
        kind = kind_of(ticket)
        holder = await find_holder(ticket, kind, kit)
        if kind is not None and _shows_page(visit, kit):
            hidden = {"redirectTo": redirect_to, "ticket": ticket}
            return verify_page(kind, holder.locale, hidden, asks_code=holder.has_totp)
        return await _finish(ticket, redirect_to, None, visit, kit, _FOUND)
    except Refused as refused:
        return redirect_error(redirect_to, refused.code, kit, status=_FOUND)


async def post_verify(body: Verify, visit: Visit, kit: Kit) -> Outcome:
    """The page's button: redeem the ticket, with the code of the second factor where that is asked for."""
    if not kit.redirects.allow(body.redirect_to):
        return redirect_error_home(Code.REDIRECT_NOT_ALLOWED, kit, status=_SEE_OTHER)
    try:
        if kind_of(body.ticket) is TicketKind.MFA_TOTP:
            kind = body.type if body.type in _KINDS else TicketKind.PASSWORDLESS_EMAIL.value
            return await _second_factor(body.ticket, kind, body.otp or "", body.redirect_to, visit, kit)
        return await _finish(body.ticket, body.redirect_to, body.otp, visit, kit, _SEE_OTHER)
    except Refused as refused:
        return redirect_error(body.redirect_to, refused.code, kit, status=_SEE_OTHER)


def _shows_page(visit: Visit, kit: Kit) -> bool:
    confirm = kit.settings.verify_confirm
    return visit.is_prefetch or confirm == "always" or (confirm == "browsers" and visit.accepts_html)


async def _finish(ticket: str, redirect_to: str, otp: str | None, visit: Visit, kit: Kit, status: int) -> Outcome:
    """Redeem the ticket; on to the second factor, or back to the application. Raises Refused."""
    kind = kind_of(ticket)
    if kind is None or kind not in METHODS:
        raise Refused(Code.INVALID_TICKET)
    redeemed = await redeem(ticket, kind, visit, kit)
    kit.post.deliver_in_background(*redeemed.notices)
    result = await entered(redeemed.entered, kit)
    if isinstance(result, NeedsTotp) and otp:
        return await _second_factor(result.ticket, kind.value, otp, redirect_to, visit, kit)
    return _back(result, kind.value, redirect_to, status)


async def _second_factor(ticket: str, kind: str, otp: str, redirect_to: str, visit: Visit, kit: Kit) -> Outcome:
    """Redeem the ticket for the second factor; a wrong code is asked for again, on the same page. Raises Refused."""
    try:
        result = await sign_in_mfa_totp(SignInMfaTotp(ticket=ticket, otp=otp), visit, kit)
    except Refused as refused:
        if refused.code is not Code.INVALID_TOTP:
            raise
        holder = await kit.store.tickets.find(stored_forms(ticket))
        return _again(ticket, kind, redirect_to, holder.locale if holder else kit.settings.locale_default)
    assert isinstance(result, SignedIn)
    return _back(result, kind, redirect_to, _SEE_OTHER)


def _again(ticket: str, kind: str, redirect_to: str, locale: str) -> Page:
    hidden = {"redirectTo": redirect_to, "ticket": ticket, "type": kind}
    return verify_page(TicketKind.MFA_TOTP, locale, hidden, asks_code=True, was_wrong=True)


def _back(result: SignedIn | NeedsTotp, kind: str, redirect_to: str, status: int) -> Redirect:
    """To the application, with the refresh token or the ticket for the second factor."""
    if isinstance(result, NeedsTotp):
        return Redirect(with_query(redirect_to, {"mfaTicket": result.ticket, "type": kind}), status)
    return Redirect(with_query(redirect_to, {"refreshToken": result.session.refresh_token, "type": kind}), status)
