"""AUTH_* as frozen Settings: Hasura Auth's names and defaults (auth contract §6), then ours.

Empty counts as unset. Unknown names warn; a known name with an unreadable value stops the start.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auth_engine.core.errors import BadSetting
from auth_engine.core.readers import (
    address,
    claim_defaults,
    claim_paths,
    duration,
    encryption_keys,
    go_duration,
    networks,
    rate,
    words,
)
from commons.environment import Unreadable, choice, number, switch, text, unknown_names, values_of, variable, variables

PREFIX: Final = "AUTH_"
BILLION: Final = 1_000_000_000
IGNORED: Final = frozenset(
    {
        "AUTH_EMAIL_TEMPLATE_FETCH_URL",
        "AUTH_SMS_TEST_PHONE_NUMBERS",
        "AUTH_LOG_LEVEL",
        "AUTH_HIBP_ENABLED",
        "AUTH_RATE_LIMIT_MEMCACHE_SERVER",
        "AUTH_RATE_LIMIT_MEMCACHE_PREFIX",
        "AUTH_ENABLE_CHANGE_ENV",
    }
)
"""Names of Hasura Auth that are accepted and change nothing here."""

PROVIDERS: Final = (
    "github", "google", "apple", "linkedin", "discord", "spotify", "twitch", "gitlab", "bitbucket", "azuread",
    "entraid", "facebook", "windowslive", "strava", "workos", "twitter",
)  # fmt: skip
"""Built in; more by AUTH_PROVIDER_OIDC_<NAME>_…"""
_PROVIDER_PREFIX: Final = "AUTH_PROVIDER_"
_PROVIDER_KEYS: Final = (
    "ENABLED", "CLIENT_ID", "CLIENT_SECRET", "SCOPE", "AUDIENCE", "TEAM_ID", "KEY_ID", "PRIVATE_KEY", "TENANT",
    "AUTHORIZATION_URL", "TOKEN_URL", "USER_PROFILE_URL", "DEFAULT_ORGANIZATION", "DEFAULT_CONNECTION",
    "DEFAULT_DOMAIN", "CONSUMER_KEY", "CONSUMER_SECRET", "ISSUER", "JWKS_URL",
)  # fmt: skip
_SECRET_PROVIDER_KEYS: Final = frozenset({"CLIENT_SECRET", "PRIVATE_KEY", "CONSUMER_SECRET"})
_OIDC: Final = "OIDC_"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds."""

    burst: int
    seconds: int


_rate = rate(Rate)
_ACCOUNT_RATE: Final = Rate(20, 300)
_RECIPIENT_RATE: Final = Rate(10, 3_600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment said, or the default."""

    # ---- the process
    database_url: str | None = variable(
        "HASURA_GRAPHQL_DATABASE_URL", "POSTGRES_CONNECTION", "DATABASE_URL", read=text, secret=True
    )
    migrations_url: str | None = variable("POSTGRES_MIGRATIONS_CONNECTION", read=text, secret=True)
    jwt_secret: str | None = variable("HASURA_GRAPHQL_JWT_SECRET", read=text, secret=True)
    jwt_secrets: str | None = variable("HASURA_GRAPHQL_JWT_SECRETS", read=text, secret=True)
    """A list: the first signs, all verify."""
    graphql_url: str | None = variable("HASURA_GRAPHQL_GRAPHQL_URL", read=address)
    admin_secret: str | None = variable("HASURA_GRAPHQL_ADMIN_SECRET", read=text, secret=True)
    host: str | None = variable("AUTH_HOST", read=text)
    port: int = variable("AUTH_PORT", read=number(0, 65_535), default=4000)
    api_prefix: str = variable("AUTH_API_PREFIX", read=text, default="")
    server_url: str | None = variable("AUTH_SERVER_URL", read=address)
    client_url: str | None = variable("AUTH_CLIENT_URL", read=address)
    version: str | None = variable("AUTH_VERSION", read=text)
    debug: bool = variable("AUTH_DEBUG", read=switch, default=False)
    log_format_text: bool = variable("AUTH_LOG_FORMAT_TEXT", read=switch, default=False)
    pool_size: int = variable("AUTH_PG_CONNECTIONS", read=number(1, 10_000), default=20)
    max_body_bytes: int = variable("AUTH_MAX_BODY_BYTES", read=number(1_024, BILLION), default=1_048_576)
    encryption_keys: tuple[str, ...] = variable("AUTH_ENCRYPTION_KEYS", read=encryption_keys, default=(), secret=True)
    peer_compatible_writes: bool = variable("AUTH_PEER_COMPATIBLE_WRITES", read=switch, default=False)

    # ---- answers
    conceal_errors: bool = variable("AUTH_CONCEAL_ERRORS", read=switch, default=False)
    signin_failure_step_ms: int = variable("AUTH_SIGNIN_FAILURE_STEP", read=duration(0, 60_000), default=250)
    email_answer_window_ms: int = variable("AUTH_EMAIL_ANSWER_WINDOW", read=duration(0, 60_000), default=400)
    verify_confirm: str = variable(
        "AUTH_VERIFY_CONFIRM", read=choice("browsers", "always", "never"), default="browsers"
    )

    # ---- users
    disable_signup: bool = variable("AUTH_DISABLE_SIGNUP", read=switch, default=False)
    disable_new_users: bool = variable("AUTH_DISABLE_NEW_USERS", read=switch, default=False)
    anonymous_users_enabled: bool = variable("AUTH_ANONYMOUS_USERS_ENABLED", read=switch, default=False)
    user_default_role: str = variable("AUTH_USER_DEFAULT_ROLE", read=text, default="user")
    user_default_allowed_roles: tuple[str, ...] = variable(
        "AUTH_USER_DEFAULT_ALLOWED_ROLES", read=words, default=("me",)
    )
    locale_default: str = variable("AUTH_LOCALE_DEFAULT", read=text, default="en")
    locale_allowed: tuple[str, ...] = variable("AUTH_LOCALE_ALLOWED_LOCALES", read=words, default=("en",))
    gravatar_enabled: bool = variable("AUTH_GRAVATAR_ENABLED", read=switch, default=True)
    gravatar_default: str = variable(
        "AUTH_GRAVATAR_DEFAULT",
        read=choice("blank", "identicon", "monsterid", "wavatar", "retro", "robohash", "mp", "404"),
        default="blank",
    )
    gravatar_rating: str = variable("AUTH_GRAVATAR_RATING", read=choice("g", "pg", "r", "x"), default="g")
    allowed_emails: tuple[str, ...] = variable("AUTH_ACCESS_CONTROL_ALLOWED_EMAILS", read=words, default=())
    blocked_emails: tuple[str, ...] = variable("AUTH_ACCESS_CONTROL_BLOCKED_EMAILS", read=words, default=())
    allowed_domains: tuple[str, ...] = variable("AUTH_ACCESS_CONTROL_ALLOWED_EMAIL_DOMAINS", read=words, default=())
    blocked_domains: tuple[str, ...] = variable("AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS", read=words, default=())
    allowed_redirect_urls: tuple[str, ...] = variable(
        "AUTH_ACCESS_CONTROL_ALLOWED_REDIRECT_URLS", read=words, default=()
    )

    # ---- tokens
    access_token_seconds: int = variable("AUTH_ACCESS_TOKEN_EXPIRES_IN", read=number(1, BILLION), default=900)
    refresh_token_seconds: int = variable("AUTH_REFRESH_TOKEN_EXPIRES_IN", read=number(1, BILLION), default=2_592_000)
    refresh_reuse_seconds: int = variable("AUTH_REFRESH_TOKEN_REUSE_INTERVAL", read=number(0, 3_600), default=10)
    refresh_grace: str = variable("AUTH_REFRESH_TOKEN_GRACE", read=choice("browsers", "all", "off"), default="browsers")
    session_max_age: int | None = variable("AUTH_SESSION_MAX_AGE", read=number(1, BILLION))
    custom_claims: Mapping[str, str] = variable("AUTH_JWT_CUSTOM_CLAIMS", read=claim_paths, default={})
    custom_claims_defaults: Mapping[str, Any] = variable(
        "AUTH_JWT_CUSTOM_CLAIMS_DEFAULTS", read=claim_defaults, default={}
    )

    # ---- passwords and second factors
    password_min_length: int = variable("AUTH_PASSWORD_MIN_LENGTH", read=number(0, 1_024), default=3)
    password_hibp_enabled: bool = variable("AUTH_PASSWORD_HIBP_ENABLED", read=switch, default=False)
    hibp_url: str = variable("AUTH_PASSWORD_HIBP_URL", read=address, default="https://api.pwnedpasswords.com")
    password_threads: int = variable("AUTH_PASSWORD_THREADS", read=number(1, 64), default=2)
    password_queue: int = variable("AUTH_PASSWORD_QUEUE", read=number(1, 10_000), default=200)
    email_verified_required: bool = variable("AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED", read=switch, default=True)
    email_passwordless_enabled: bool = variable("AUTH_EMAIL_PASSWORDLESS_ENABLED", read=switch, default=False)
    otp_email_enabled: bool = variable("AUTH_OTP_EMAIL_ENABLED", read=switch, default=False)
    mfa_enabled: bool = variable("AUTH_MFA_ENABLED", read=switch, default=False)
    mfa_totp_issuer: str = variable("AUTH_MFA_TOTP_ISSUER", read=text, default="auth")
    mfa_for_providers: bool = variable("AUTH_MFA_FOR_PROVIDERS", read=switch, default=True)
    require_elevated_claim: str = variable(
        "AUTH_REQUIRE_ELEVATED_CLAIM", read=choice("disabled", "recommended", "required"), default="disabled"
    )
    webauthn_enabled: bool = variable("AUTH_WEBAUTHN_ENABLED", read=switch, default=False)
    webauthn_rp_name: str | None = variable("AUTH_WEBAUTHN_RP_NAME", read=text)
    webauthn_rp_id: str | None = variable("AUTH_WEBAUTHN_RP_ID", read=text)
    webauthn_rp_origins: tuple[str, ...] = variable("AUTH_WEBAUTHN_RP_ORIGINS", read=words, default=())
    webauthn_timeout_ms: int = variable("AUTH_WEBAUTHN_ATTESTATION_TIMEOUT", read=number(1, BILLION), default=60_000)

    # ---- mail and SMS
    smtp_host: str | None = variable("AUTH_SMTP_HOST", read=text)
    smtp_port: int = variable("AUTH_SMTP_PORT", read=number(1, 65_535), default=587)
    smtp_secure: bool = variable("AUTH_SMTP_SECURE", read=switch, default=False)
    smtp_user: str | None = variable("AUTH_SMTP_USER", read=text)
    smtp_password: str | None = variable("AUTH_SMTP_PASS", read=text, secret=True)
    smtp_sender: str | None = variable("AUTH_SMTP_SENDER", read=text)
    smtp_auth_method: str = variable(
        "AUTH_SMTP_AUTH_METHOD", read=choice("plain", "login", "cram-md5"), default="plain"
    )
    smtp_x_smtpapi: str | None = variable("AUTH_SMTP_X_SMTPAPI_HEADER", read=text)
    smtp_timeout_ms: int = variable("AUTH_SMTP_TIMEOUT", read=duration(1, 600_000), default=10_000)
    postmark_url: str = variable("AUTH_SMTP_POSTMARK_URL", read=address, default="https://api.postmarkapp.com")
    email_templates_path: str | None = variable("AUTH_EMAIL_TEMPLATES_PATH", read=text)
    mail_box: bool = variable("AUTH_DEV_MAIL_BOX", read=switch, default=False)
    """Mails land in a page at /dev/mail and in the log; for development alone."""
    sms_enabled: bool = variable("AUTH_SMS_PASSWORDLESS_ENABLED", read=switch, default=False)
    sms_provider: str = variable(
        "AUTH_SMS_PROVIDER", read=choice("twilio", "modica", "dev", "webhook"), default="twilio"
    )
    sms_twilio_account_sid: str | None = variable("AUTH_SMS_TWILIO_ACCOUNT_SID", read=text)
    sms_twilio_auth_token: str | None = variable("AUTH_SMS_TWILIO_AUTH_TOKEN", read=text, secret=True)
    sms_twilio_messaging_service_id: str | None = variable("AUTH_SMS_TWILIO_MESSAGING_SERVICE_ID", read=text)
    sms_twilio_url: str = variable("AUTH_SMS_TWILIO_URL", read=address, default="https://api.twilio.com")
    sms_twilio_verify_url: str = variable(
        "AUTH_SMS_TWILIO_VERIFY_URL", read=address, default="https://verify.twilio.com"
    )
    sms_modica_username: str | None = variable("AUTH_SMS_MODICA_USERNAME", read=text)
    sms_modica_password: str | None = variable("AUTH_SMS_MODICA_PASSWORD", read=text, secret=True)
    sms_modica_url: str = variable("AUTH_SMS_MODICA_URL", read=address, default="https://api.modicagroup.com")
    sms_webhook_url: str | None = variable("AUTH_SMS_WEBHOOK_URL", read=address)
    sms_webhook_secret: str | None = variable("AUTH_SMS_WEBHOOK_SECRET", read=text, secret=True)

    # ---- webhooks
    webhook_url: str | None = variable("AUTH_WEBHOOK_URL", read=address)
    webhook_secret: str | None = variable("AUTH_WEBHOOK_SECRET", read=text, secret=True)

    # ---- limits
    rate_limit_enable: bool | None = variable("AUTH_RATE_LIMIT_ENABLE", read=switch)
    """Unset: only the limits that need no address (auth contract §10)."""
    rate_limit_store: str = variable("AUTH_RATE_LIMIT_STORE", read=text, default="postgres", secret=True)
    rate_limit_account: Rate = variable("AUTH_RATE_LIMIT_ACCOUNT", read=_rate, default=_ACCOUNT_RATE)  # noqa: RUF009
    rate_limit_recipient: Rate = variable("AUTH_RATE_LIMIT_RECIPIENT", read=_rate, default=_RECIPIENT_RATE)  # noqa: RUF009
    rate_limit_global_burst: int = variable("AUTH_RATE_LIMIT_GLOBAL_BURST", read=number(1, BILLION), default=100)
    rate_limit_global_seconds: int = variable("AUTH_RATE_LIMIT_GLOBAL_INTERVAL", read=go_duration, default=60)
    rate_limit_email_burst: int = variable("AUTH_RATE_LIMIT_EMAIL_BURST", read=number(1, BILLION), default=10)
    rate_limit_email_seconds: int = variable("AUTH_RATE_LIMIT_EMAIL_INTERVAL", read=go_duration, default=3_600)
    rate_limit_email_is_global: bool = variable("AUTH_RATE_LIMIT_EMAIL_IS_GLOBAL", read=switch, default=False)
    rate_limit_sms_burst: int = variable("AUTH_RATE_LIMIT_SMS_BURST", read=number(1, BILLION), default=10)
    rate_limit_sms_seconds: int = variable("AUTH_RATE_LIMIT_SMS_INTERVAL", read=go_duration, default=3_600)
    rate_limit_brute_force_burst: int = variable(
        "AUTH_RATE_LIMIT_BRUTE_FORCE_BURST", read=number(1, BILLION), default=10
    )
    rate_limit_brute_force_seconds: int = variable(
        "AUTH_RATE_LIMIT_BRUTE_FORCE_INTERVAL", read=go_duration, default=300
    )
    rate_limit_signups_burst: int = variable("AUTH_RATE_LIMIT_SIGNUPS_BURST", read=number(1, BILLION), default=10)
    rate_limit_signups_seconds: int = variable("AUTH_RATE_LIMIT_SIGNUPS_INTERVAL", read=go_duration, default=300)
    code_tries: int = variable("AUTH_RATE_LIMIT_CODE_TRIES", read=number(1, 100), default=5)
    trusted_proxies: tuple[Any, ...] = variable("AUTH_TRUSTED_PROXIES", read=networks, default=())
    turnstile_secret: str | None = variable("AUTH_TURNSTILE_SECRET", read=text, secret=True)
    turnstile_url: str = variable(
        "AUTH_TURNSTILE_URL", read=address, default="https://challenges.cloudflare.com/turnstile/v0/siteverify"
    )

    # ---- providers
    providers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """provider → its settings by the last words of their names in lower case (`client_id`); `oidc_<name>` for OIDC."""

    def provider(self, name: str) -> Mapping[str, str]:
        """A provider's settings; empty when nothing was set."""
        return self.providers.get(name, {})


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings of an environment. Raises BadSetting, naming the variable."""
    source = {name: value for name, value in environment.items() if value.strip()}
    try:
        settings = Settings(**values_of(Settings, source), providers=_read_providers(source))
    except Unreadable as fault:
        raise BadSetting(str(fault)) from None
    _ensure_coherent(settings)
    return settings


def _read_providers(source: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, value in source.items():
        parsed = provider_variable(name)
        if parsed is None:
            continue
        provider, key = parsed
        try:
            value = _read_provider_value(key, value)
        except Unreadable as fault:
            raise Unreadable(f"{name} {fault}") from None
        found.setdefault(provider, {})[key] = value.strip()
    return found


def _read_provider_value(key: str, value: str) -> str:
    """Raises Unreadable."""
    if key == "enabled":
        return "true" if switch(value) else "false"
    if key == "issuer" or key.endswith("_url"):
        address(value)  # kept as it is written: an issuer's name may end with a slash
    return value


def provider_variable(name: str) -> tuple[str, str] | None:
    """AUTH_PROVIDER_GITHUB_CLIENT_ID → (github, client_id); None for what is no variable of a provider."""
    if not name.startswith(_PROVIDER_PREFIX):
        return None
    rest = name.removeprefix(_PROVIDER_PREFIX)
    key = next((key for key in sorted(_PROVIDER_KEYS, key=len, reverse=True) if rest.endswith(f"_{key}")), None)
    if key is None:
        return None
    words_of_provider = rest[: -len(key) - 1]
    if words_of_provider.startswith(_OIDC) and len(words_of_provider) > len(_OIDC):
        return words_of_provider.lower(), key.lower()
    provider = words_of_provider.lower().replace("_", "")
    return (provider, key.lower()) if provider in PROVIDERS else None


def _ensure_coherent(settings: Settings) -> None:
    prefix = settings.api_prefix
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        raise BadSetting("AUTH_API_PREFIX must begin with a slash and not end with one")
    store = settings.rate_limit_store
    if store not in ("postgres", "memory") and not store.startswith(
        ("redis://", "rediss://", "valkey://", "valkeys://")
    ):
        raise BadSetting("AUTH_RATE_LIMIT_STORE must be postgres, memory, or an address that begins with redis://")
    for name in settings.providers:
        if name.removeprefix(_OIDC.lower()) in PROVIDERS and name.startswith(_OIDC.lower()):
            raise BadSetting(f"{_PROVIDER_PREFIX}{name.upper()}_…: the name belongs to a provider that is built in")
    if settings.webauthn_enabled and not (settings.webauthn_rp_id or settings.client_url):
        raise BadSetting("AUTH_WEBAUTHN_ENABLED needs AUTH_WEBAUTHN_RP_ID or AUTH_CLIENT_URL: who we are to passkeys")
    for name in (settings.locale_default, *settings.locale_allowed):
        if len(name) != 2:
            raise BadSetting("AUTH_LOCALE_DEFAULT and AUTH_LOCALE_ALLOWED_LOCALES hold codes of two letters")


def warnings(environment: Mapping[str, str]) -> tuple[str, ...]:
    """A warning for each variable that looks like a setting of ours and is none, or is accepted and ignored."""
    known = {name for each in variables(Settings) for name in each.metadata["names"]}
    mine = [name for name in environment if provider_variable(name) is None and name not in IGNORED]
    ignored = tuple(
        f"{name} is read by Hasura Auth and changes nothing here" for name in sorted(IGNORED & set(environment))
    )
    return (*unknown_names(mine, (PREFIX,), known, "the auth engine"), *ignored)


def listing(settings: Settings) -> Iterable[tuple[str, str]]:
    """Every variable with the value in force, in the order of this file; secrets are masked."""
    for each in variables(Settings):
        value = getattr(settings, each.name)
        is_secret = each.metadata["secret"] and value != each.default
        yield each.metadata["names"][0], _masked(value) if is_secret else _plain(value)
    for provider, values in sorted(settings.providers.items()):
        for key, value in sorted(values.items()):
            shown = _masked(value) if key.upper() in _SECRET_PROVIDER_KEYS else value
            yield f"{_PROVIDER_PREFIX}{provider.upper()}_{key.upper()}", shown


def _masked(value: Any) -> str:
    return "(set)" if value else ""


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            return ",".join(str(each) for each in value)
        case Rate():
            return f"{value.burst}/{value.seconds}s"
        case Mapping():
            return json.dumps(dict(value)) if value else ""
        case _:
            return str(value)
