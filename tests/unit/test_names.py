"""The three naming conventions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gql_gen import names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("display_name", "displayName"),
        ("orgId", "orgId"),
        ("USER_ID", "userId"),
        ("ID", "id"),
        ("UserProfile", "userProfile"),
        ("otp_hash_expires_at", "otpHashExpiresAt"),
        ("_private_key_", "_privateKey_"),
        ("address_2", "address2"),
        ("_", "_"),
    ],
)
def test_camel_case(name: str, expected: str) -> None:
    assert names.camel(name) == expected


def test_pascal_case_keeps_leading_underscores() -> None:
    assert [names.pascal(name) for name in ("author_local", "_log", "Int")] == ["AuthorLocal", "_Log", "Int"]


@pytest.mark.parametrize("name", ["users", "_x", "A1", "x__y", "_and"])
def test_graphql_names(name: str) -> None:
    assert names.is_graphql_name(name)


@pytest.mark.parametrize("name", ["", "__type", "1st", "my-table", "naïve", "a b", "x\n"])
def test_what_is_no_graphql_name(name: str) -> None:
    assert not names.is_graphql_name(name)


@given(st.text(min_size=1))
def test_the_nearest_valid_name_is_valid(name: str) -> None:
    assert names.is_graphql_name(names.valid_graphql_name(name))


@given(st.from_regex(r"[_A-Za-z][_0-9A-Za-z]*", fullmatch=True))
def test_camel_case_of_a_name_is_a_name_and_stays(name: str) -> None:
    converted = names.camel(name)
    assert names.is_graphql_name(converted) or converted.startswith("__")
    assert names.camel(converted) == converted


def test_base_names_carry_the_schema_unless_it_is_public_or_a_name_was_chosen() -> None:
    assert names.table_base_name("public", "author_local", None, "hasura") == "author_local"
    assert names.table_base_name("hasura", "author", None, "hasura") == "hasura_author"
    assert names.table_base_name("auth", "users", "users", "nhost") == "users"
    assert names.table_base_name("auth", "user_roles", None, "nhost") == "auth_user_roles"
    assert names.table_base_name("public", "author_local", None, "graphql-default") == "AuthorLocal"
    assert names.table_base_name("public", "author_local", "authorDetails", "graphql-default") == "authorDetails"


def test_root_fields_of_hasura() -> None:
    assert names.root_field_names("author", "hasura") == {
        "select": "author",
        "select_by_pk": "author_by_pk",
        "select_aggregate": "author_aggregate",
        "select_stream": "author_stream",
        "insert": "insert_author",
        "insert_one": "insert_author_one",
        "update": "update_author",
        "update_by_pk": "update_author_by_pk",
        "update_many": "update_author_many",
        "delete": "delete_author",
        "delete_by_pk": "delete_author_by_pk",
    }


def test_root_fields_of_graphql_default() -> None:
    assert names.root_field_names("AuthorLocal", "graphql-default") == {
        "select": "authorLocal",
        "select_by_pk": "authorLocalByPk",
        "select_aggregate": "authorLocalAggregate",
        "select_stream": "authorLocalStream",
        "insert": "insertAuthorLocal",
        "insert_one": "insertAuthorLocalOne",
        "update": "updateAuthorLocal",
        "update_by_pk": "updateAuthorLocalByPk",
        "update_many": "updateAuthorLocalMany",
        "delete": "deleteAuthorLocal",
        "delete_by_pk": "deleteAuthorLocalByPk",
    }


def test_root_fields_of_nhost() -> None:
    assert names.root_field_names("users", "nhost") == {
        "select": "users",
        "select_by_pk": "user",
        "select_aggregate": "usersAggregate",
        "select_stream": "users_stream",
        "insert": "insertUsers",
        "insert_one": "insertUser",
        "update": "updateUsers",
        "update_by_pk": "updateUser",
        "update_many": "update_users_many",
        "delete": "deleteUsers",
        "delete_by_pk": "deleteUser",
    }


@pytest.mark.parametrize(
    ("base", "many", "one"),
    [
        ("member", "members", "member"),
        ("user_app", "userApps", "userApp"),
        ("authUserRoles", "authUserRoles", "authUserRole"),
        ("people", "people", "person"),
        ("category", "categories", "category"),
        ("status", "statuses", "status"),
    ],
)
def test_nhost_reads_as_english(base: str, many: str, one: str) -> None:
    roots = names.root_field_names(base, "nhost")
    assert (roots["select"], roots["select_by_pk"]) == (many, one)


@pytest.mark.parametrize("base", ["news", "series", "sheep", "users", "member", "data", "x", "a_1"])
def test_no_two_root_fields_of_a_table_are_called_the_same(base: str) -> None:
    for naming in ("nhost", "hasura", "graphql-default"):
        roots = names.root_field_names(base, naming)
        assert len(set(roots.values())) == len(roots) == 11


def test_where_singular_equals_plural_the_by_key_roots_say_so() -> None:
    roots = names.root_field_names("news", "nhost")
    by_key = [
        roots[root] for root in ("select", "select_by_pk", "insert", "insert_one", "update_by_pk", "delete_by_pk")
    ]
    assert by_key == ["news", "newsByPk", "insertNews", "insertNewsOne", "updateNewsByPk", "deleteNewsByPk"]


def test_a_chosen_name_keeps_its_first_letter_in_root_fields() -> None:
    roots = names.root_field_names("Author", "graphql-default", is_chosen=True)
    assert (roots["select"], roots["insert_one"]) == ("Author", "insertAuthorOne")


def test_types_of_tables_and_scalars() -> None:
    assert names.type_name("users", "bool_exp", "nhost") == "users_bool_exp"
    assert names.type_name("author_local", "", "hasura") == "author_local"
    assert names.type_name("AuthorLocal", "aggregate_fields", "graphql-default") == "AuthorLocalAggregateFields"
    assert names.scalar_type_name("Int", "comparison_exp", "nhost") == "Int_comparison_exp"
    assert names.scalar_type_name("String", "array_comparison_exp", "hasura") == "String_array_comparison_exp"
    assert names.scalar_type_name("timestamptz", "comparison_exp", "graphql-default") == "TimestamptzComparisonExp"
    assert names.shared_type_name("order_by", "hasura") == "order_by"
    assert names.shared_type_name("order_by", "graphql-default") == "OrderBy"
    assert names.shared_type_name("query_root", "graphql-default") == "query_root"


def test_fields_arguments_and_enum_values() -> None:
    assert names.column_field_name("author_id", "hasura") == "author_id"
    assert names.column_field_name("author_id", "nhost") == names.column_field_name("author_id", "graphql-default")
    assert names.aggregate_field_name("members", "nhost") == "members_aggregate"
    assert names.aggregate_field_name("members", "graphql-default") == "membersAggregate"
    assert names.argument_name("distinct_on", "graphql-default") == "distinctOn"
    assert names.argument_name("distinct_on", "nhost") == "distinct_on"
    assert names.enum_value_name("asc_nulls_first", "graphql-default") == "ASC_NULLS_FIRST"


def test_prefixes_and_suffixes_join_as_the_naming_does() -> None:
    assert names.with_affixes("author_local", "test_", "_query", "hasura") == "test_author_local_query"
    assert names.with_affixes("authorLocal", "test", "query", "graphql-default") == "testAuthorLocalQuery"
    assert names.with_affixes("authorLocal", "Test", "", "graphql-default") == "TestAuthorLocal"
    assert names.with_affixes("authorLocal", "", "", "graphql-default") == "authorLocal"


@pytest.mark.parametrize(
    ("column", "stem"),
    [("owner_id", "owner"), ("ownerId", "owner"), ("user_ID", "user"), ("id", None), ("_id", None), ("grid", None)],
)
def test_the_stem_of_a_key_column(column: str, stem: str | None) -> None:
    assert names.without_key_suffix(column) == stem


def test_a_schema_is_not_repeated_within_itself() -> None:
    assert names.without_schema("auth_user_roles", "auth") == "user_roles"
    assert names.without_schema("authUserRoles", "auth") == "userRoles"
    assert [names.without_schema(base, "auth") for base in ("author", "auth", "users")] == ["author", "auth", "users"]
