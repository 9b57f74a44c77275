"""The providers that are built in: addresses, scopes, and who reads their answers. Auth contract §2.

Every address can be replaced by AUTH_PROVIDER_<NAME>_AUTHORIZATION_URL, _TOKEN_URL and _USER_PROFILE_URL (GitHub
Enterprise, a GitLab of one's own); what hangs on the profile's address follows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from auth_engine.oauth import readers
from auth_engine.oauth.readers import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A provider of OAuth 2.0. `{tenant}` in an address is AUTH_PROVIDER_<NAME>_TENANT."""

    authorization: str
    token: str
    profile: str
    scopes: str
    read: Reader
    emails: str = ""
    """Below the profile's address: where e-mail addresses stand with their flags."""
    extra: tuple[tuple[str, str], ...] = ()
    """More arguments of the authorization address."""
    from_settings: tuple[tuple[str, str], ...] = ()
    """Arguments of the authorization address that settings hold: (argument, last words of the setting's name)."""
    basic: bool = False
    """The client's secret goes into the header, not into the form."""
    pkce: bool = True
    """False where sending a challenge is known to be refused or not looked at."""
    client_header: str = ""
    """A header of the profile's request that names the client."""


SERVICES: Final[Mapping[str, Service]] = {
    "github": Service(
        authorization="https://github.com/login/oauth/authorize",
        token="https://github.com/login/oauth/access_token",
        profile="https://api.github.com/user",
        emails="/emails",
        scopes="user:email",
        read=readers.github,
    ),
    "google": Service(
        authorization="https://accounts.google.com/o/oauth2/v2/auth",
        token="https://oauth2.googleapis.com/token",
        profile="https://www.googleapis.com/oauth2/v2/userinfo",
        scopes="openid email profile",
        read=readers.google,
    ),
    "azuread": Service(
        authorization="https://login.microsoftonline.com/{tenant}/oauth2/authorize",
        token="https://login.microsoftonline.com/{tenant}/oauth2/token",
        profile="https://login.microsoftonline.com/{tenant}/openid/userinfo",
        scopes="email profile openid offline_access",
        extra=(("prompt", "select_account"),),
        read=readers.azuread,
    ),
    "entraid": Service(
        authorization="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
        token="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        profile="https://graph.microsoft.com/oidc/userinfo",
        scopes="email profile openid offline_access",
        extra=(("prompt", "select_account"),),
        read=readers.entraid,
    ),
    "bitbucket": Service(
        authorization="https://bitbucket.org/site/oauth2/authorize",
        token="https://bitbucket.org/site/oauth2/access_token",
        profile="https://api.bitbucket.org/2.0/user",
        emails="/emails",
        scopes="account",
        basic=True,
        read=readers.bitbucket,
    ),
    "discord": Service(
        authorization="https://discord.com/api/oauth2/authorize",
        token="https://discord.com/api/oauth2/token",
        profile="https://discord.com/api/users/@me",
        scopes="identify email",
        read=readers.discord,
    ),
    "facebook": Service(
        authorization="https://www.facebook.com/v22.0/dialog/oauth",
        token="https://graph.facebook.com/v22.0/oauth/access_token",
        profile="https://graph.facebook.com/me?fields=id,name,email,picture",
        scopes="email",
        read=readers.facebook,
    ),
    "gitlab": Service(
        authorization="https://gitlab.com/oauth/authorize",
        token="https://gitlab.com/oauth/token",
        profile="https://gitlab.com/api/v4/user",
        scopes="read_user",
        read=readers.gitlab,
    ),
    "linkedin": Service(
        authorization="https://www.linkedin.com/oauth/v2/authorization",
        token="https://www.linkedin.com/oauth/v2/accessToken",
        profile="https://api.linkedin.com/v2/userinfo",
        scopes="openid profile email",
        pkce=False,
        read=readers.claims,
    ),
    "spotify": Service(
        authorization="https://accounts.spotify.com/authorize",
        token="https://accounts.spotify.com/api/token",
        profile="https://api.spotify.com/v1/me",
        scopes="user-read-email user-read-private",
        basic=True,
        read=readers.spotify,
    ),
    "strava": Service(
        authorization="https://www.strava.com/api/v3/oauth/authorize",
        token="https://www.strava.com/api/v3/oauth/token",
        profile="https://www.strava.com/api/v3/athlete",
        scopes="profile:read_all",
        extra=(("approval_prompt", "force"),),
        pkce=False,
        read=readers.strava,
    ),
    "twitch": Service(
        authorization="https://id.twitch.tv/oauth2/authorize",
        token="https://id.twitch.tv/oauth2/token",
        profile="https://api.twitch.tv/helix/users",
        scopes="user:read:email",
        client_header="Client-Id",
        read=readers.twitch,
    ),
    "windowslive": Service(
        authorization="https://login.live.com/oauth20_authorize.srf",
        token="https://login.live.com/oauth20_token.srf",
        profile="https://apis.live.net/v5.0/me",
        scopes="wl.basic wl.emails",
        pkce=False,
        read=readers.windowslive,
    ),
    "workos": Service(
        authorization="https://api.workos.com/sso/authorize",
        token="https://api.workos.com/sso/token",
        profile="https://api.workos.com/sso/profile",
        scopes="",
        from_settings=(
            ("organization", "default_organization"),
            ("connection", "default_connection"),
            ("domain", "default_domain"),
        ),
        read=readers.workos,
    ),
}
