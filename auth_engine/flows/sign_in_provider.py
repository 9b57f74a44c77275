"""GET /signin/provider/{provider}: off to the provider."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import SignUpOptions, json_text
from auth_engine.core.rules import redirect_target
from auth_engine.core.types import Outcome, Redirect, UserId, Visit
from auth_engine.flows.elevation import ensure_elevated
from auth_engine.flows.error_redirects import redirect_error
from auth_engine.flows.kit import Kit
from auth_engine.flows.provider_states import Remembered, new_attempt, remember
from auth_engine.flows.visitor import current_user, session_id_of
from auth_engine.oauth.oauth2 import Provider
from auth_engine.oauth.profile import ProviderFailed

logger = logging.getLogger(__name__)

_PLAIN: Final = ("defaultRole", "displayName", "locale", "redirectTo")
"""Options that are texts, in the query as they are."""


async def sign_in_provider(_: None, visit: Visit, kit: Kit) -> Outcome:
    """Send the browser to the provider. What cannot be asked is 400; what is refused goes to `redirectTo`."""
    name = visit.path["provider"]
    if not kit.providers.is_known(name):
        raise Refused(Code.INVALID_REQUEST, "there is no such provider")
    options = _options(visit.query)
    target = redirect_target(options.redirect_to, kit.settings, kit.redirects)
    if not target:
        raise Refused(Code.REDIRECT_NOT_ALLOWED, "there is no redirectTo, and AUTH_CLIENT_URL is not set")
    provider = kit.providers.find(name)
    if provider is None:
        return redirect_error(target, Code.DISABLED_ENDPOINT, kit)
    try:
        remembered = Remembered(target, options, new_attempt(), *await _connecting(visit, kit))
        return await _begin(name, provider, remembered, kit)
    except Refused as refused:
        return redirect_error(target, refused.code, kit)
    except ProviderFailed as fault:
        logger.warning("the provider %s: %s", name, fault)
        return redirect_error(target, Code.OAUTH_PROVIDER_ERROR, kit)


async def _begin(name: str, provider: Provider, remembered: Remembered, kit: Kit) -> Redirect:
    begun = await provider.begin(remembered.attempt)
    attempt = replace(remembered.attempt, kept=begun.kept)
    kept = msgspec.structs.replace(remembered, attempt=attempt)
    return Redirect(begun.url, cookies=(await remember(name, provider, kept, kit),))


async def _connecting(visit: Visit, kit: Kit) -> tuple[UserId | None, str | None]:
    """Whose account is to be linked, and their session, by the access token in `connect`, which must be as elevated as
    for /link/idtoken. Raises Refused."""
    token = visit.query.get("connect")
    if not token:
        return None, None
    claims = kit.access.verify(token)
    if claims is None:
        raise Refused(Code.INVALID_REQUEST, "connect is no valid access token")
    linking = replace(visit, claims=claims)
    await ensure_elevated(linking, kit, "/link/idtoken")
    return (await current_user(linking, kit)).id, session_id_of(linking)


def _options(query: Mapping[str, str]) -> SignUpOptions:
    """Sign-up options as a query writes them. Raises Refused."""
    given: dict[str, object] = {name: query[name] for name in _PLAIN if query.get(name)}
    if query.get("allowedRoles"):
        given["allowedRoles"] = [role for role in query["allowedRoles"].split(",") if role]
    try:
        if query.get("metadata"):
            given["metadata"] = msgspec.json.decode(query["metadata"], type=dict)
        json_text(given)
        return msgspec.convert(given, SignUpOptions)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as error:
        raise Refused(Code.INVALID_REQUEST, str(error)) from None
