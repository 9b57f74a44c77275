"""Signing in at providers, linking and unlinking them."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code
from auth_engine.flows.link_id_token import LinkIdToken, link_id_token
from auth_engine.flows.list_providers import LinkedAccount, list_providers
from auth_engine.flows.provider_callback import ProviderForm, provider_callback, provider_callback_form
from auth_engine.flows.provider_token import ProviderToken, provider_token
from auth_engine.flows.sign_in_id_token import SignInIdToken, sign_in_id_token
from auth_engine.flows.sign_in_provider import sign_in_provider
from auth_engine.flows.unlink_provider import UnlinkProvider, unlink_provider
from auth_engine.http.route import Access, Answer, Pace, Route
from auth_engine.http.tables.passwords import OPTIONS
from auth_engine.http.tables.sessions import VALID_USER

_CALLBACK: Final = "/signin/provider/{provider}/callback"

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="GET", path="/signin/provider/{provider}", flow=sign_in_provider, answer=Answer.REDIRECT,
        summary="Sign in at a provider, or link one with `connect`",
        query=("allowedRoles", "defaultRole", "displayName", "locale", "metadata", "redirectTo", "connect"),
        raises=(Code.REDIRECT_NOT_ALLOWED,),
    ),
    Route(
        method="GET", path=_CALLBACK, flow=provider_callback, answer=Answer.REDIRECT,
        summary="Back from the provider",
        query=(
            "!state", "code", "id_token", "oauth_token", "oauth_verifier", "error", "error_description", "error_uri",
            "iss",
        ),
        raises=(Code.INVALID_STATE, Code.DISABLED_ENDPOINT),
    ),
    Route(
        method="POST", path=_CALLBACK, flow=provider_callback_form, body=ProviderForm, form=True,
        answer=Answer.REDIRECT, summary="Back from a provider that posts a form",
        raises=(Code.INVALID_STATE, Code.DISABLED_ENDPOINT),
    ),
    Route(
        method="POST", path="/signin/idtoken", flow=sign_in_id_token, body=SignInIdToken,
        answer=Answer.SESSION_PAYLOAD, pace=Pace.FAILURE_STEP, summary="Sign in with an id token",
        raises=(
            Code.DISABLED_ENDPOINT, *VALID_USER, Code.EMAIL_ALREADY_IN_USE, Code.SIGNUP_DISABLED, *OPTIONS,
        ),
    ),
    Route(
        method="POST", path="/link/idtoken", flow=link_id_token, body=LinkIdToken, access=Access.ELEVATED,
        summary="Link an account at a provider by an id token", raises=(Code.DISABLED_ENDPOINT, *VALID_USER),
    ),
    Route(
        method="GET", path="/user/providers", flow=list_providers, access=Access.TOKEN, answer=Answer.DATA,
        shape=list[LinkedAccount], summary="The user's accounts at providers", raises=VALID_USER,
    ),
    Route(
        method="POST", path="/user/providers/unlink", flow=unlink_provider, body=UnlinkProvider,
        access=Access.ELEVATED, summary="Forget the user's accounts at a provider",
        raises=(Code.LAST_SIGN_IN_METHOD, *VALID_USER),
    ),
    Route(
        method="GET", path="/user/providers/{provider}/token", flow=provider_token, access=Access.TOKEN,
        answer=Answer.DATA, shape=ProviderToken, summary="A provider's own access token",
        raises=(Code.OAUTH_EXCHANGE_FAILED, *VALID_USER),
    ),
)  # fmt: skip
