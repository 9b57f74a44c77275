"""GET and POST /signin/provider/{provider}/callback: back from the provider."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

import msgspec

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body
from auth_engine.core.redirects import with_query
from auth_engine.core.rules import ensure_valid_user
from auth_engine.core.types import Method, NeedsTotp, NoSession, Outcome, Redirect, UserId, Visit
from auth_engine.flows.error_redirects import redirect_error, redirect_error_home
from auth_engine.flows.kit import Kit
from auth_engine.flows.provider_arrival import Arrival, add_account, arrive
from auth_engine.flows.provider_states import Remembered, look_up, redeem
from auth_engine.oauth.oauth2 import Provider
from auth_engine.oauth.profile import Callback, ExchangeFailed, Profile, ProfileFailed, Tokens

logger = logging.getLogger(__name__)

_MOST_TOLD: Final = 500
MFA_TYPE: Final = "signinProvider"
"""`type` beside `mfaTicket`: what the second factor is for."""


class ProviderForm(Body, frozen=True, forbid_unknown_fields=False):
    """What a provider's page posts."""

    state: str
    code: str = ""
    user: str = ""
    error: str = ""
    error_description: str = msgspec.field(default="", name="error_description")
    error_uri: str = msgspec.field(default="", name="error_uri")
    iss: str = ""


@dataclass(frozen=True, slots=True)
class _Return:
    """What the browser brought, whichever way."""

    provider: str
    state: str = field(repr=False)
    error: str
    more: dict[str, str]
    callback: Callback


async def provider_callback(_: None, visit: Visit, kit: Kit) -> Outcome:
    """The browser came back by a GET. Without a state there is nobody to answer: 400."""
    query = visit.query
    if not query.get("state"):
        raise Refused(Code.INVALID_REQUEST, "no state")
    form = ProviderForm(
        state=query["state"],
        code=query.get("code", ""),
        error=query.get("error") or query.get("denied", ""),
        error_description=query.get("error_description", ""),
        error_uri=query.get("error_uri", ""),
        iss=query.get("iss", ""),
    )
    return await _come_back(
        _read(form, visit, query.get("oauth_token", ""), query.get("oauth_verifier", "")), visit, kit
    )


async def provider_callback_form(body: ProviderForm, visit: Visit, kit: Kit) -> Outcome:
    """The provider's page posted a form (Apple)."""
    return await _come_back(_read(body, visit), visit, kit)


def _read(form: ProviderForm, visit: Visit, oauth_token: str = "", oauth_verifier: str = "") -> _Return:
    callback = Callback(form.code, oauth_token, oauth_verifier, form.user, form.iss)
    more = {
        "provider_error": form.error[:_MOST_TOLD],
        "provider_error_description": form.error_description[:_MOST_TOLD],
        "provider_error_url": form.error_uri[:_MOST_TOLD],
    }
    return _Return(visit.path["provider"], form.state, form.error, more, callback)


async def _come_back(back: _Return, visit: Visit, kit: Kit) -> Redirect:
    """Every way leads to a redirect: to where the sign-in began, or to AUTH_CLIENT_URL when nothing is known of it."""
    if not kit.providers.is_known(back.provider):
        raise Refused(Code.INVALID_REQUEST, "there is no such provider")
    provider = kit.providers.find(back.provider)
    if provider is None:
        return redirect_error_home(Code.DISABLED_ENDPOINT, kit)
    if back.error or back.callback.is_empty:
        remembered = await look_up(back.provider, back.state, visit, kit)
    else:
        remembered = await redeem(back.provider, back.state, visit, kit)
    if remembered is None:
        return redirect_error_home(Code.INVALID_STATE, kit)
    target = remembered.redirect_to
    if back.error:
        return redirect_error(target, Code.OAUTH_PROVIDER_ERROR, kit, more=back.more)
    try:
        return await _finish(back, provider, remembered, visit, kit)
    except Refused as refused:
        if refused.reason:
            logger.debug("refused: %s", refused)
        return redirect_error(target, refused.code, kit)


async def _finish(back: _Return, provider: Provider, remembered: Remembered, visit: Visit, kit: Kit) -> Redirect:
    """The code's worth: a session, a link, or a refusal, which is raised."""
    tokens, profile = await _ask(back, provider, remembered)
    arrival = Arrival(back.provider, profile, Method.PROVIDER, remembered.options, tokens)
    if remembered.connect is not None:
        await _connect(remembered.connect, remembered.session_id, arrival, visit, kit)
        return Redirect(remembered.redirect_to)
    outcome = await arrive(arrival, visit, kit)
    match outcome:
        case NoSession():
            return Redirect(remembered.redirect_to)
        case NeedsTotp():
            told = {"mfaTicket": outcome.ticket, "type": MFA_TYPE}
        case _:
            told = {"refreshToken": outcome.session.refresh_token}
    return Redirect(with_query(remembered.redirect_to, told))


async def _ask(back: _Return, provider: Provider, remembered: Remembered) -> tuple[Tokens, Profile]:
    """Raises Refused."""
    callback, attempt = back.callback, remembered.attempt
    try:
        if callback.is_empty or callback.is_endless:
            raise ExchangeFailed("the browser brought no code, or one without an end")
        tokens = await provider.exchange(callback, attempt)
        return tokens, await provider.profile(tokens, callback, attempt)
    except ExchangeFailed as fault:
        logger.warning("the provider %s: %s", back.provider, fault)
        raise Refused(Code.OAUTH_EXCHANGE_FAILED) from None
    except ProfileFailed as fault:
        logger.warning("the provider %s: %s", back.provider, fault)
        raise Refused(Code.OAUTH_PROFILE_FAILED) from None


async def _connect(user_id: UserId, session_id: str | None, arrival: Arrival, visit: Visit, kit: Kit) -> None:
    """Link the account to whoever began this, if they may still sign in. Raises Refused."""
    user = await kit.store.users.by_id(user_id)
    if user is None:
        raise Refused(Code.INVALID_REQUEST, "the user is gone")
    ensure_valid_user(user, kit.settings, may_lack_email=True)
    await add_account(user, arrival, session_id, visit, kit)
