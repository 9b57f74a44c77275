"""The environment: what is read, what is refused, and that nothing secret is shown."""

from __future__ import annotations

import pytest

from usher.failures import StartRefused
from usher.settings import Settings, ensure_coherent, is_loopback, read_settings, unknown_names

HS256 = '{"type": "HS256", "key": "0123456789abcdef0123456789abcdef"}'


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_settings({}) == Settings()


def test_hasuras_names_are_read() -> None:
    settings = read_settings(
        {
            "HASURA_GRAPHQL_PG_CONNECTIONS": "7",
            "HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES": "true",
            "HASURA_GRAPHQL_USE_PREPARED_STATEMENTS": "no",
            "HASURA_GRAPHQL_UNAUTHORIZED_ROLE": "public",
            "DATABASE_URL": "postgresql://there",
        }
    )
    assert (settings.pool_size, settings.stringify_numeric_types, settings.use_prepared_statements) == (7, True, False)
    assert (settings.unauthorized_role, settings.database_url) == ("public", "postgresql://there")


def test_hasuras_own_name_of_the_database_goes_first() -> None:
    both = {"DATABASE_URL": "postgresql://general", "HASURA_GRAPHQL_DATABASE_URL": "postgresql://special"}
    assert read_settings(both).database_url == "postgresql://special"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HASURA_GRAPHQL_PG_CONNECTIONS", "many"),
        ("HASURA_GRAPHQL_PG_CONNECTIONS", "0"),
        ("HASURA_GRAPHQL_PG_CONNECTIONS", "٣"),
        ("HASURA_GRAPHQL_PG_CONNECTIONS", "9" * 5000),
        ("HASURA_GRAPHQL_DEV_MODE", "perhaps"),
        ("HASURA_GRAPHQL_SERVER_PORT", "65536"),
        ("HASURA_GRAPHQL_ADMIN_SECRET", ""),
        ("USHER_MAX_DEPTH", "-1"),
    ],
)
def test_an_unreadable_value_names_its_variable_and_is_not_repeated(name: str, value: str) -> None:
    with pytest.raises(StartRefused, match=name) as refused:
        read_settings({name: value})
    assert not value or value == "0" or value not in refused.value.message


def test_secrets_are_never_shown() -> None:
    settings = Settings(admin_secret="hush", jwt_secret="hush", database_url="postgresql://u:hush@h/d")
    assert "hush" not in repr(settings)


def test_a_slip_in_a_name_is_a_warning_with_the_right_name() -> None:
    (warning,) = unknown_names({"HASURA_GRAPHQL_ADMIN_SECRT": "x", "HASURA_GRAPHQL_DEV_MODE": "true", "HOME": "/"})
    assert "HASURA_GRAPHQL_ADMIN_SECRET" in warning


def test_a_jwt_secret_needs_an_admin_secret() -> None:
    with pytest.raises(StartRefused, match="HASURA_GRAPHQL_ADMIN_SECRET"):
        ensure_coherent(Settings(jwt_secret=HS256), "127.0.0.1")


def test_without_any_secret_only_this_machine_is_served() -> None:
    ensure_coherent(Settings(), "127.0.0.1")
    with pytest.raises(StartRefused, match="everybody is admin"):
        ensure_coherent(Settings(), "0.0.0.0")


def test_with_an_admin_secret_any_host_will_do() -> None:
    ensure_coherent(Settings(admin_secret="a", jwt_secret=HS256), "0.0.0.0")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (Settings(admin_secret="a", jwt_secret="{"), "HASURA_GRAPHQL_JWT_SECRET"),
        (Settings(cors_domain="not an origin"), "HASURA_GRAPHQL_CORS_DOMAIN"),
    ],
)
def test_a_setting_with_a_form_of_its_own_is_read_at_the_start(settings: Settings, name: str) -> None:
    with pytest.raises(StartRefused, match=name):
        ensure_coherent(settings, "127.0.0.1")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("::", False), ("db", False)],
)
def test_what_counts_as_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
