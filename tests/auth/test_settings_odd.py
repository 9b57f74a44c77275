"""Settings that hold what nobody would expect: each is read, or refused by name without showing what it was."""

from __future__ import annotations

import pytest

from auth_engine.core.errors import BadSetting
from auth_engine.core.settings import PROVIDERS, Settings, read_settings
from auth_engine.tokens.secret import canonical, read_keys
from commons.environment import variables

ODD = (
    "0" * 5000 + "5", "9" * 30, "-1", "1.5", "1e3", "\u0663", "true,false", "{}", "[]", "null", "[1]", '{"a": 1}',
    '{"a": ""}', "http://[", "http://x:99999", "https://", "//x", "/", "a/b", "1/0s", "1/5m5",
    "0x10", "\x00", "%s", "\ud800",
)  # fmt: skip


@pytest.mark.parametrize("name", [name for each in variables(Settings) for name in each.metadata["names"]])
def test_an_odd_value_is_read_or_refused_by_name(name: str) -> None:
    for value in ODD:
        told = ""
        try:
            read_settings({name: value})
        except BadSetting as fault:
            told = str(fault)
        assert not told or name in told or "AUTH_LOCALE" in told
        assert len(value) < 10 or value not in told


@pytest.mark.parametrize("provider", [*PROVIDERS, "oidc_mine"])
@pytest.mark.parametrize("key", ["AUTHORIZATION_URL", "TOKEN_URL", "USER_PROFILE_URL", "JWKS_URL", "ISSUER", "ENABLED"])
def test_an_unreadable_setting_of_a_provider_stops_the_start(provider: str, key: str) -> None:
    name = f"AUTH_PROVIDER_{provider.upper()}_{key}"
    with pytest.raises(BadSetting, match=name):
        read_settings({name: "http://[secret"})


def test_an_issuer_is_kept_as_it_is_written() -> None:
    settings = read_settings({"AUTH_PROVIDER_OIDC_MINE_ISSUER": "https://id.test/tenant/"})
    assert settings.provider("oidc_mine")["issuer"] == "https://id.test/tenant/"


@pytest.mark.parametrize(
    "value", [*ODD, '{"type": "HS256"}', '{"type": 1, "key": 2}', '{"type": "none", "key": "k"}', "{"]
)
def test_an_odd_secret_is_refused_and_not_shown(value: str) -> None:
    for given in ((value, None), (None, value)):
        with pytest.raises(BadSetting) as fault:
            read_keys(*given)
        assert len(value) < 10 or value not in str(fault.value)


def test_what_is_derived_from_a_secret_does_not_depend_on_its_layout() -> None:
    assert canonical('{"type": "HS256",\n "key": "k"}') == canonical('{"key":"k","type":"HS256"}')
    assert canonical('{"type":"HS256","key":"k"}') != canonical('{"type":"HS256","key":"K"}')
    assert canonical("no JSON") == "no JSON"
