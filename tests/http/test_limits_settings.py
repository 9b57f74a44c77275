"""The settings of allow lists, rates and persisted queries, and what they become."""

from __future__ import annotations

import ipaddress

import pytest

from usher.app import engine_settings, http_settings
from usher.failures import StartRefused
from usher.settings import Settings, ensure_coherent, read_settings


@pytest.mark.parametrize(("value", "read"), [(None, None), ("true", True), ("FALSE", False)])
def test_an_allow_list_is_on_or_off_or_left_to_the_rules(value: str | None, read: bool | None) -> None:
    given = {} if value is None else {"HASURA_GRAPHQL_ENABLE_ALLOWLIST": value}
    assert engine_settings(read_settings(given), "postgresql://h/d").allow_list is read


def test_hasura_s_name_for_the_storage_of_rates_is_read_and_ours_goes_first() -> None:
    hasura = {"HASURA_GRAPHQL_RATE_LIMIT_REDIS_URL": "redis://theirs"}
    assert http_settings(read_settings(hasura)).rate_storage == "redis://theirs"
    assert read_settings({**hasura, "USHER_RATE_STORAGE": "valkey://ours"}).rate_storage == "valkey://ours"


@pytest.mark.parametrize("address", ["redis://", "localhost:6379", "http://u:hush@h", "memcached://h", "memory"])
def test_a_storage_that_cannot_be_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(StartRefused, match="USHER_RATE_STORAGE") as refused:
        ensure_coherent(Settings(admin_secret="s", rate_storage=address), "127.0.0.1")
    assert "hush" not in refused.value.message
    assert "hush" not in repr(Settings(rate_storage=address))


def test_proxies_are_networks() -> None:
    settings = read_settings({"USHER_TRUSTED_PROXIES": "10.0.0.0/8, ::1"})
    assert http_settings(settings).trusted_proxies == (
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("::1/128"),
    )
    with pytest.raises(StartRefused, match="USHER_TRUSTED_PROXIES"):
        ensure_coherent(Settings(admin_secret="s", trusted_proxies="somewhere"), "127.0.0.1")


def test_persisted_queries_can_be_switched_off() -> None:
    assert http_settings(read_settings({"USHER_PERSISTED_QUERY_BYTES": "0"})).persisted_query_bytes == 0
