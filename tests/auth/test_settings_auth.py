"""AUTH_*: names and defaults, empty values, unreadable ones, unknown ones, and what a listing shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auth_engine.core.errors import BadSetting
from auth_engine.core.settings import IGNORED, PROVIDERS, Settings, listing, read_settings, warnings
from commons.environment import variables

PAGE = Path(__file__).parents[2] / "docs" / "auth" / "settings.md"
NAMES = {name: each for each in variables(Settings) for name in each.metadata["names"]}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("AUTH_PORT", "4000"),
        ("AUTH_API_PREFIX", ""),
        ("AUTH_CONCEAL_ERRORS", "false"),
        ("AUTH_USER_DEFAULT_ROLE", "user"),
        ("AUTH_USER_DEFAULT_ALLOWED_ROLES", "me"),
        ("AUTH_LOCALE_DEFAULT", "en"),
        ("AUTH_LOCALE_ALLOWED_LOCALES", "en"),
        ("AUTH_GRAVATAR_ENABLED", "true"),
        ("AUTH_GRAVATAR_DEFAULT", "blank"),
        ("AUTH_GRAVATAR_RATING", "g"),
        ("AUTH_ACCESS_TOKEN_EXPIRES_IN", "900"),
        ("AUTH_REFRESH_TOKEN_EXPIRES_IN", "2592000"),
        ("AUTH_PASSWORD_MIN_LENGTH", "3"),
        ("AUTH_PASSWORD_HIBP_ENABLED", "false"),
        ("AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED", "true"),
        ("AUTH_MFA_TOTP_ISSUER", "auth"),
        ("AUTH_REQUIRE_ELEVATED_CLAIM", "disabled"),
        ("AUTH_WEBAUTHN_ATTESTATION_TIMEOUT", "60000"),
        ("AUTH_SMTP_PORT", "587"),
        ("AUTH_SMTP_AUTH_METHOD", "plain"),
        ("AUTH_SMS_PROVIDER", "twilio"),
        ("AUTH_RATE_LIMIT_ENABLE", ""),
        ("AUTH_RATE_LIMIT_GLOBAL_BURST", "100"),
        ("AUTH_RATE_LIMIT_GLOBAL_INTERVAL", "60"),
        ("AUTH_RATE_LIMIT_EMAIL_BURST", "10"),
        ("AUTH_RATE_LIMIT_EMAIL_INTERVAL", "3600"),
        ("AUTH_RATE_LIMIT_BRUTE_FORCE_INTERVAL", "300"),
        ("AUTH_RATE_LIMIT_ACCOUNT", "20/300s"),
        ("AUTH_VERIFY_CONFIRM", "browsers"),
        ("AUTH_REFRESH_TOKEN_REUSE_INTERVAL", "10"),
        ("AUTH_REFRESH_TOKEN_GRACE", "browsers"),
        ("AUTH_SIGNIN_FAILURE_STEP", "250"),
        ("AUTH_EMAIL_ANSWER_WINDOW", "400"),
    ],
)
def test_the_defaults_are_the_contracts(name: str, shown: str) -> None:
    assert dict(listing(read_settings({})))[name] == shown


def test_empty_is_unset() -> None:
    assert read_settings(dict.fromkeys(NAMES, " ")) == read_settings({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_PORT", "65536"),
        ("AUTH_CONCEAL_ERRORS", "perhaps"),
        ("AUTH_SERVER_URL", "auth.example.test"),
        ("AUTH_CLIENT_URL", "javascript:alert(1)"),
        ("AUTH_API_PREFIX", "v1"),
        ("AUTH_LOCALE_DEFAULT", "english"),
        ("AUTH_GRAVATAR_RATING", "xxx"),
        ("AUTH_REQUIRE_ELEVATED_CLAIM", "sometimes"),
        ("AUTH_SMTP_AUTH_METHOD", "ntlm"),
        ("AUTH_RATE_LIMIT_EMAIL_INTERVAL", "an hour"),
        ("AUTH_RATE_LIMIT_ACCOUNT", "20"),
        ("AUTH_RATE_LIMIT_STORE", "memcached://somewhere"),
        ("AUTH_TRUSTED_PROXIES", "everybody"),
        ("AUTH_ENCRYPTION_KEYS", "too-short"),
        ("AUTH_JWT_CUSTOM_CLAIMS", '{"org": 7}'),
        ("AUTH_JWT_CUSTOM_CLAIMS_DEFAULTS", "[]"),
        ("AUTH_PROVIDER_GITHUB_ENABLED", "perhaps"),
    ],
)
def test_an_unreadable_value_names_its_variable_and_is_not_shown(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        read_settings({name: value})
    assert name in str(refusal.value)
    if len(value) > 3:
        assert value not in str(refusal.value)


def test_an_unknown_name_is_a_warning_with_the_nearest_one() -> None:
    (said,) = warnings(
        {"AUTH_SMTP_HOSTS": "x", "AUTH_SMTP_HOST": "x", "HOME": "/", "AUTH_PROVIDER_GITHUB_ENABLED": "true"}
    )
    assert (
        said == "AUTH_SMTP_HOSTS is not a setting of the auth engine and changes nothing: did you mean AUTH_SMTP_HOST?"
    )


@pytest.mark.parametrize("name", sorted(IGNORED))
def test_a_name_of_hasura_auth_that_changes_nothing_here_is_said(name: str) -> None:
    assert warnings({name: "x"}) == (f"{name} is read by Hasura Auth and changes nothing here",)


def test_no_secret_is_listed_or_shown() -> None:
    given = {
        name: "a secret of more than thirty-two letters" for name, each in NAMES.items() if each.metadata["secret"]
    }
    given["AUTH_RATE_LIMIT_STORE"] = "redis://:whisper@localhost"
    given["AUTH_PROVIDER_GITHUB_CLIENT_SECRET"] = "a secret"
    settings = read_settings(given)
    shown = "\n".join(f"{name}={value}" for name, value in listing(settings))
    for text in (shown, repr(settings).split("providers=")[0]):
        assert "a secret" not in text
        assert "whisper" not in text


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_is_switched_on_by_its_name(provider: str) -> None:
    written = {"windowslive": "WINDOWS_LIVE"}.get(provider, provider.upper())
    settings = read_settings({f"AUTH_PROVIDER_{written}_ENABLED": "yes", f"AUTH_PROVIDER_{written}_CLIENT_ID": "me"})
    assert settings.provider(provider) == {"enabled": "true", "client_id": "me"}


def test_an_oidc_provider_has_any_name() -> None:
    settings = read_settings({"AUTH_PROVIDER_OIDC_MY_HOUSE_ISSUER": "https://login.example.test"})
    assert settings.provider("oidc_my_house") == {"issuer": "https://login.example.test"}


def test_the_page_lists_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]*) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    said = {name: default.strip().strip("`") for names, default in rows for name in re.findall(r"`([^`]+)`", names)}
    shown = dict(listing(read_settings({})))
    wanted = {name: shown[each.metadata["names"][0]] for name, each in NAMES.items()}
    assert {name: said.get(name) for name in wanted} == wanted
    assert said.keys() <= wanted.keys()
