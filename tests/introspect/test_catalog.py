"""The catalogue of tests/schemas/hard.sql, as Postgres itself would tell it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import pytest

from gql_gen.catalog.types import (
    Argument,
    Catalog,
    ExclusionConstraint,
    Function,
    Ident,
    Relation,
    UniqueIndex,
    UniqueKey,
)
from gql_gen.introspect.read import read_catalog, read_enum_values
from usher.postgres import EmbeddedPostgres

Connection: TypeAlias = "asyncpg.Connection[Any]"
DatabaseFactory: TypeAlias = Callable[[str], str]

ODD = 'Odd "Schema".x'
ODD_TABLE = Ident(ODD, "Table; drop table x --")
ODD_TYPE = Ident(ODD, 'Typ"e, (x)')


@pytest.fixture(scope="module")
async def connection(database: DatabaseFactory) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database("hard"))
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def catalog(connection: Connection) -> Catalog:
    return await read_catalog(connection)


def public(name: str) -> Ident:
    return Ident("public", name)


def builtin(name: str) -> Ident:
    return Ident("pg_catalog", name)


def table(catalog: Catalog, name: str) -> Relation:
    return catalog.relations[public(name)]


# ---------------------------------------------------------------- relations


def test_every_kind_of_relation_is_there_and_nobody_elses(catalog: Catalog) -> None:
    kinds = {relation.ident.name: relation.kind for relation in catalog.relations.values()}
    assert {kind: sum(found == kind for found in kinds.values()) for kind in set(kinds.values())} == {
        "table": 14,
        "partitioned": 1,
        "foreign": 3,
        "view": 6,
        "materialized": 2,
    }
    assert {ident.schema for ident in catalog.relations} == {"public", ODD}


def test_relations_are_sorted_and_columns_keep_their_order(catalog: Catalog) -> None:
    assert list(catalog.relations) == sorted(catalog.relations)
    assert list(catalog.functions) == sorted(catalog.functions)
    assert list(catalog.types) == sorted(catalog.types)
    columns = table(catalog, "everything").columns
    assert [column.position for column in columns.values()] == list(range(1, len(columns) + 1))
    assert list(columns)[-1] == "last_of_all"
    assert "a_void" not in columns


def test_partitions_are_marked(catalog: Catalog) -> None:
    above = {relation.ident.name: relation.partition_of for relation in catalog.relations.values()}
    marked = [relation.ident.name for relation in catalog.relations.values() if relation.is_partition]
    assert marked == ["measurement_2023", "measurement_rest"]
    assert [name for name, parent in above.items() if parent == public("measurement")] == marked
    assert above["child_table"] is None


def test_row_security_is_marked(catalog: Catalog) -> None:
    assert [relation.ident.name for relation in catalog.relations.values() if relation.row_security] == ["booking"]


def test_a_table_without_columns_or_keys_is_a_table(catalog: Catalog) -> None:
    assert table(catalog, "no_columns").columns == {}
    assert table(catalog, "no_key").primary_key is None


def test_comments_are_kept_to_the_letter(catalog: Catalog) -> None:
    assert table(catalog, "everything").comment == "One column of each"
    assert table(catalog, "everything").columns["id"].comment == 'It\'s "the" key – ключ'
    assert table(catalog, "city_simple").columns["title"].comment == "What it is called"
    assert catalog.relations[ODD_TABLE].comment == 'Two\nlines, a \\ and a "quote"\t✓'
    assert catalog.types[public("mood")].comment == "How one is"
    assert catalog.types[builtin("int4")].comment is None


def test_nothing_is_distributed_without_citus(catalog: Catalog) -> None:
    assert not any(relation.is_distributed for relation in catalog.relations.values())


# ---------------------------------------------------------------- columns


@pytest.mark.parametrize(
    ("name", "type_", "declared"),
    [
        ("a_varchar", builtin("varchar"), "character varying(20)"),
        ("a_char", builtin("bpchar"), "character(3)"),
        ("a_single", builtin("char"), '"char"'),
        ("a_numeric", builtin("numeric"), "numeric(10,2)"),
        ("a_bit", builtin("bit"), "bit(4)"),
        ("a_timestamp", builtin("timestamp"), "timestamp(0) without time zone"),
        ("an_interval", builtin("interval"), "interval day to second(2)"),
        ("a_matrix", builtin("_int4"), "integer[]"),
        ("a_mood_array", public("_mood"), "public.mood[]"),
        ("an_email", public("email"), "public.email"),
        ("a_citext", Ident("extensions", "citext"), "extensions.citext"),
        ("a_vector", Ident("extensions", "vector"), "extensions.vector(3)"),
        ("a_price_multirange", public("price_multirange"), "public.price_multirange"),
    ],
)
def test_a_type_is_named_bare_and_declared_in_full(catalog: Catalog, name: str, type_: Ident, declared: str) -> None:
    column = table(catalog, "everything").columns[name]
    assert (column.type, column.declared) == (type_, declared)


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("serial_number", "nextval('public.everything_serial_number_seq'::regclass)"),
        ("a_timestamptz", "'2000-01-01 21:04:05+00'::timestamp with time zone"),
        ("a_bytea", r"'\xdeadbeef'::bytea"),
        ("a_mood", "'ok'::public.mood"),
        ("a_work_email", "'a@b'::extensions.citext"),
        ("doubled", "(serial_number * 2)"),
        ("a_text", None),
        ("id", "nextval('public.everything_id_seq'::regclass)"),
    ],
)
def test_a_default_is_sql_that_means_the_same_anywhere(catalog: Catalog, name: str, default: str | None) -> None:
    assert table(catalog, "everything").columns[name].default == default


def test_generated_and_identity_columns_are_told_apart(catalog: Catalog) -> None:
    columns = table(catalog, "everything").columns
    assert {name: column.identity for name, column in columns.items() if column.identity} == {
        "id": "always",
        "by_default": "by default",
    }
    assert [name for name, column in columns.items() if column.generated] == ["doubled"]
    assert not columns["doubled"].updatable


def test_a_domain_may_forbid_null_in_a_table_but_not_in_a_view(catalog: Catalog) -> None:
    columns = table(catalog, "everything").columns
    refusing = [name for name, column in columns.items() if not column.nullable]
    assert refusing == ["id", "serial_number", "by_default", "a_work_email"]
    assert table(catalog, "city_joined").columns["contact"].nullable


async def test_an_unchecked_not_null_promises_nothing(fresh_database: DatabaseFactory) -> None:
    connection = await asyncpg.connect(fresh_database("hard"))
    await connection.execute("alter table no_key add constraint later not null a not valid, alter b set not null")
    columns = table(await read_catalog(connection), "no_key").columns
    await connection.close()
    assert [column.nullable for column in columns.values()] == [True, False]


# ---------------------------------------------------------------- keys


def test_keys_keep_the_order_of_their_columns(catalog: Catalog) -> None:
    assert table(catalog, "region").primary_key == UniqueKey("region_key", ("country", "code"))
    assert table(catalog, "city").unique_keys == (UniqueKey("city_name", ("region", "name"), deferrable=True),)


def test_foreign_keys_pair_their_columns(catalog: Catalog) -> None:
    pairs = {
        key.name: (key.target.name, tuple(zip(key.columns, key.target_columns, strict=True)))
        for name in ("region", "city", "remark")
        for key in table(catalog, name).foreign_keys
    }
    assert pairs == {
        "region_country_fkey": ("country", (("country", "code"),)),
        "region_parent": ("region", (("parent_code", "code"), ("parent_country", "country"))),
        "city_country_fkey": ("country", (("country", "code"),)),
        "city_region": ("region", (("country", "country"), ("region", "code"))),
        "remark_taken_measurement_id_fkey": ("measurement", (("taken", "taken"), ("measurement_id", "id"))),
    }


def test_a_partition_has_the_keys_of_its_parent(catalog: Catalog) -> None:
    partition = table(catalog, "measurement_2023")
    assert partition.primary_key == UniqueKey("measurement_2023_pkey", ("taken", "id"))
    assert [key.target.name for key in partition.foreign_keys] == ["city"]


def test_unique_indexes_tell_columns_from_expressions(catalog: Catalog) -> None:
    assert table(catalog, "city").unique_indexes == (
        UniqueIndex(
            "city_lower_name",
            ("country", None, None),
            (None, "lower(name)", "((population / 1000))"),
            "(NOT retired)",
            ("name", "population", "retired"),
        ),
        UniqueIndex("city_plain", ("population", "id"), (None, None), None),
    )
    assert [index.name for index in table(catalog, "city_count").unique_indexes] == ["city_count_key"]


def test_exclusion_constraints_have_columns(catalog: Catalog) -> None:
    assert table(catalog, "booking").exclusion_constraints == (
        ExclusionConstraint("no_expression_overlap", (None, "during"), ("room",)),
        ExclusionConstraint("no_overlap", ("room", "during")),
    )


async def test_a_key_over_periods_is_no_relationship(fresh_database: DatabaseFactory) -> None:
    connection = await asyncpg.connect(fresh_database("hard"))
    await connection.execute(
        """
        create table rented (id int, during daterange, primary key (id, during without overlaps));
        create table payment (id int, period daterange, foreign key (id, period period) references rented);
        """
    )
    catalog = await read_catalog(connection)
    await connection.close()
    assert table(catalog, "payment").foreign_keys == ()
    assert [(key.columns, key.by_period) for key in table(catalog, "payment").period_keys] == [(("id", "period"), True)]
    assert table(catalog, "rented").primary_key == UniqueKey("rented_pkey", ("id", "during"), without_overlaps=True)


# ---------------------------------------------------------------- views


@pytest.mark.parametrize(
    ("name", "writes"),
    [
        ("city", "insert update delete"),
        ("city_simple", "insert update delete"),
        ("city_of_city", "insert update delete"),
        ("city_joined", ""),
        ("city_count", ""),
        ("written_by_trigger", "insert update"),
        ("written_by_rule", "insert"),
        ("far_away", "insert update delete"),
        ("far_away_read_only", ""),
        ("unreadable", ""),
        ("measurement", "insert update delete"),
    ],
)
def test_what_can_be_written_is_known(catalog: Catalog, name: str, writes: str) -> None:
    relation = table(catalog, name)
    found = {"insert": relation.insertable, "update": relation.updatable, "delete": relation.deletable}
    assert " ".join(word for word, holds in found.items() if holds) == writes


def test_of_a_view_some_columns_can_be_written(catalog: Catalog) -> None:
    writable = {
        name: [column.name for column in table(catalog, name).columns.values() if column.updatable]
        for name in ("city_simple", "city_joined", "written_by_trigger", "written_by_rule")
    }
    assert writable == {
        "city_simple": ["id", "title", "country"],
        "city_joined": [],
        "written_by_trigger": ["id", "amount"],
        "written_by_rule": ["one"],
    }


def test_a_view_shows_its_definition_with_every_schema_named(catalog: Catalog) -> None:
    definition = table(catalog, "city_of_city").definition
    assert definition is not None
    assert "FROM public.city_simple" in definition
    assert table(catalog, "city_count").definition is not None
    assert table(catalog, "city").definition is None


def test_a_view_that_asks_as_its_caller_is_marked(catalog: Catalog) -> None:
    assert [relation.ident.name for relation in catalog.relations.values() if relation.security_invoker] == [
        "city_invoked"
    ]


# ---------------------------------------------------------------- types


def test_labels_keep_their_order_and_spelling(catalog: Catalog) -> None:
    assert catalog.types[public("mood")].labels == ("sad", "ok", "content", "happy")
    assert catalog.types[ODD_TYPE].labels == ("", " a\"b'c\\d", "é€𝄞", "{,}")


def test_types_lead_to_what_is_below_them(catalog: Catalog) -> None:
    types = catalog.types
    assert (types[public("work_email")].kind, types[public("work_email")].base) == ("domain", public("email"))
    assert catalog.base_type(public("work_email")).ident == Ident("extensions", "citext")
    assert (types[public("scores")].kind, types[public("scores")].base) == ("domain", builtin("_int4"))
    assert (types[public("_mood")].kind, types[public("_mood")].base) == ("array", public("mood"))
    assert types[public("mood")].array == public("_mood")
    assert (types[public("price_range")].kind, types[public("price_range")].base) == ("range", builtin("numeric"))
    assert types[public("price_multirange")].kind == "multirange"
    assert types[public("address")].attributes == (
        ("street", builtin("text")),
        ("number", builtin("int4")),
        ("tags", builtin("_text")),
        ("home", public("work_email")),
    )
    for type_ in types.values():
        below = [type_.base, type_.array, *(ident for _, ident in type_.attributes)]
        assert all(ident is None or ident in types for ident in below)


def test_types_with_elements_that_are_no_arrays_are_none(catalog: Catalog) -> None:
    assert {name: catalog.types[builtin(name)].kind for name in ("point", "name", "jsonb", "box", "record")} == {
        "point": "base",
        "name": "base",
        "jsonb": "base",
        "box": "base",
        "record": "pseudo",
    }


def test_any_name_can_be_cast_to(catalog: Catalog) -> None:
    extension_types = ("citext", "ltree", "lquery", "ltxtquery", "hstore", "vector")
    wanted = [Ident("extensions", name) for name in extension_types]
    wanted += [builtin(name) for name in ("int2", "timetz", "regclass", "tsquery", "int8multirange", "_uuid", "xid8")]
    assert all(ident in catalog.types for ident in wanted)


def test_row_types_are_there_when_somebody_uses_them(catalog: Catalog) -> None:
    assert catalog.types[public("city")].kind == "composite"
    assert builtin("pg_namespace") in catalog.types
    assert public("country") not in catalog.types


COMPARABLE = [
    *("int4", "text", "varchar", "bpchar", "name", "numeric", "uuid", "jsonb", "bytea", "interval", "timetz", "money"),
    *("inet", "cidr", "macaddr", "bit", "varbit", "tsvector", "tsquery", "oid", "regclass", "int4range", "bool"),
    *("_text", "_varchar", "_jsonb", "tstzmultirange"),
]


def test_equality_and_order_are_what_postgres_says(catalog: Catalog) -> None:
    types = catalog.types
    for name in COMPARABLE:
        assert types[builtin(name)].has_equality, name
        assert types[builtin(name)].has_order, name
    for name in ("json", "xml", "point", "box", "polygon", "jsonpath", "_json", "_point"):
        assert not types[builtin(name)].has_equality, name
        assert not types[builtin(name)].has_order, name
    for name in ("xid", "cid", "aclitem"):
        assert types[builtin(name)].has_equality, name
        assert not types[builtin(name)].has_order, name


def test_equality_and_order_pass_through_what_holds_them(catalog: Catalog) -> None:
    ordered = {type_.ident.name: type_.has_order for type_ in catalog.types.values() if type_.ident.schema == "public"}
    assert not any(ordered[name] for name in ("document", "_document", "sealed", "_sealed"))
    assert all(ordered[name] for name in ("email", "_work_email", "address", "_address", "mood", "scores", "city"))
    assert catalog.types[Ident("extensions", "ltree")].has_order
    assert not catalog.types[Ident("extensions", "lquery")].has_equality


async def test_equality_and_order_hold_when_tried(connection: Connection, catalog: Catalog) -> None:
    """Every kind of column: where the catalogue says yes Postgres does it, where it says no Postgres refuses."""
    for column in table(catalog, "everything").columns.values():
        type_ = catalog.types[column.type]
        for promised, query in (
            (type_.has_equality, f'select distinct "{column.name}" from everything'),
            (type_.has_order, f'select 1 from everything order by "{column.name}"'),
        ):
            try:
                await connection.execute(query)
                holds = True
            except asyncpg.UndefinedFunctionError:
                holds = False
            assert holds == promised, (column.name, query)


# ---------------------------------------------------------------- functions


def only(catalog: Catalog, name: str) -> Function:
    (function,) = catalog.functions[public(name)]
    return function


def test_overloads_stand_together_in_a_fixed_order(catalog: Catalog) -> None:
    overloads = catalog.functions[public("add")]
    assert [[argument.type.name for argument in function.arguments] for function in overloads] == [
        ["int4", "int4"],
        ["text", "text"],
        ["numeric", "numeric"],
    ]
    assert overloads[0].arguments[1] == Argument("b", builtin("int4"), "in", has_default=True)
    assert [function.comment for function in overloads] == [None, "Joins them", None]
    assert overloads[2].arguments[0].name == ""


@pytest.mark.parametrize(
    ("name", "returns", "is_set", "relation"),
    [
        ("cities", public("city"), True, public("city")),
        ("one_city", public("city"), False, public("city")),
        ("simple_cities", public("city_simple"), True, public("city_simple")),
        ("pairs", builtin("record"), True, None),
        ("as_table", builtin("record"), True, None),
        ("either", builtin("anyelement"), False, None),
        ("count_of_catalog", builtin("pg_namespace"), True, None),
        ("city_label", builtin("text"), False, None),
    ],
)
def test_what_a_function_returns(
    catalog: Catalog, name: str, returns: Ident, is_set: bool, relation: Ident | None
) -> None:
    function = only(catalog, name)
    assert (function.returns, function.returns_set, function.returns_relation) == (returns, is_set, relation)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("as_table", "in lowest?, in highest?, table id, table name"),
        ("pairs", "in among, out x, out y"),
        ("total", "variadic numbers"),
        ("changed", "inout value, in mark?"),
        ("tidy", "inout done"),
    ],
)
def test_arguments_have_modes_and_defaults(catalog: Catalog, name: str, arguments: str) -> None:
    found = [f"{each.mode} {each.name}{'?' if each.has_default else ''}" for each in only(catalog, name).arguments]
    assert ", ".join(found) == arguments


def test_functions_have_their_kind_and_volatility(catalog: Catalog) -> None:
    assert only(catalog, "tidy").kind == "procedure"
    assert only(catalog, "product").kind == "aggregate"
    assert only(catalog, "cities").volatility == "stable"
    assert only(catalog, "pairs").volatility == "volatile"
    assert catalog.functions[public("add")][0].volatility == "immutable"
    assert [name.name for name in catalog.functions if catalog.functions[name][0].security_definer] == ["secret"]


def test_functions_that_nobody_wrote_are_left_out(catalog: Catalog) -> None:
    assert public("price_range") not in catalog.functions
    assert {ident.schema for ident in catalog.functions} == {"public", ODD}


# ---------------------------------------------------------------- the whole


def test_extensions_are_known_by_their_schema(catalog: Catalog) -> None:
    assert catalog.extensions["hstore"] == "extensions"
    assert catalog.extensions["plpgsql"] == "pg_catalog"
    assert 180000 <= catalog.server_version < 190000


def test_hostile_names_survive(catalog: Catalog) -> None:
    relation = catalog.relations[ODD_TABLE]
    assert list(relation.columns) == [
        "Id", "id", "select", 'with "quotes" and, commas', "данные 数据 𝄞", "$1", "trailing ", "a.b", "{}", "%s"
    ]  # fmt: skip
    assert relation.columns["данные 数据 𝄞"].type == Ident(ODD, '_Typ"e, (x)')
    assert relation.unique_keys == (UniqueKey('Key "of" it', ("id", 'with "quotes" and, commas')),)
    assert relation.foreign_keys[0].target == ODD_TABLE
    assert catalog.functions[Ident(ODD, 'Func"tion')][0].arguments[0].name == 'Arg "one"'


async def test_enum_values_come_in_order(connection: Connection) -> None:
    table = Ident(ODD, 'Enum "Table"')
    values = await read_enum_values(connection, table, 'The "Value"', "Its Comment")
    assert values == (("Z", ""), ("a", None), ("b", "second"), ("é", "last"))
    without = await read_enum_values(connection, table, 'The "Value"', None)
    assert without == (("Z", None), ("a", None), ("b", None), ("é", None))


async def test_the_session_is_left_as_it_was(connection: Connection, catalog: Catalog) -> None:
    names = ("search_path", "datestyle", "timezone", "intervalstyle", "extra_float_digits")
    async with connection.transaction():
        await connection.execute("set local search_path = public, extensions; set local datestyle = 'German, DMY'")
        await connection.execute("set local timezone = 'Asia/Tokyo'; set local intervalstyle = 'sql_standard'")
        before = [await connection.fetchval(f"show {name}") for name in names]
        again = await read_catalog(connection)
        assert [await connection.fetchval(f"show {name}") for name in names] == before
    assert again == catalog


async def test_the_same_script_gives_the_same_catalogue_anywhere(
    postgres: EmbeddedPostgres, fresh_database: DatabaseFactory, catalog: Catalog
) -> None:
    """Another database, other oids, other settings: the fingerprint is of what was written."""
    postgres.drop_database("elsewhere")
    postgres.create_database("elsewhere")
    connection = await asyncpg.connect(postgres.url("elsewhere"))
    await connection.execute("create table shifts_the_oids (id serial primary key); drop table shifts_the_oids")
    postgres.apply("elsewhere", Path(__file__).parents[1] / "schemas" / "hard.sql")
    for setting in ("search_path = public, extensions", "timezone = 'America/Lima'", "quote_all_identifiers = on"):
        await connection.execute(f"alter database elsewhere set {setting}")
    await connection.close()
    connection = await asyncpg.connect(postgres.url("elsewhere"))
    other = await read_catalog(connection)
    await connection.close()
    postgres.drop_database("elsewhere")
    assert other.fingerprint == catalog.fingerprint
    assert other == catalog


@pytest.mark.parametrize(
    "statement",
    [
        "comment on column city.name is 'x'",
        "alter table city alter name drop not null",
        "alter type mood add value 'new'",
        "alter function cities(text) volatile",
        "create index concurrently_not on city (name); create unique index on country (name)",
        "create extension unaccent",
        "alter view city_simple set (security_invoker = true)",
        "alter table city rename constraint city_region to other",
    ],
)
async def test_any_change_changes_the_fingerprint(
    fresh_database: DatabaseFactory, catalog: Catalog, statement: str
) -> None:
    connection = await asyncpg.connect(fresh_database("hard"))
    assert (await read_catalog(connection)).fingerprint == catalog.fingerprint
    await connection.execute(statement)
    assert (await read_catalog(connection)).fingerprint != catalog.fingerprint
    await connection.close()


async def test_an_empty_database_has_an_empty_catalogue(postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(postgres.url("template1"))
    catalog = await read_catalog(connection)
    await connection.close()
    assert (catalog.relations, catalog.functions) == ({}, {})
    assert builtin("text") in catalog.types


WIDE_TABLE = """
create table wide_{0} (
    id int primary key, name text not null default 'x', email citext unique, price numeric(10, 2),
    at timestamptz default now(), data jsonb, tags text[], done boolean, above int references wide_{1}
);
comment on column wide_{0}.name is 'x';
"""


async def test_a_thousand_tables_are_read_quickly(fresh_database: DatabaseFactory) -> None:
    """Measured at 0.13 s; the bound leaves room for a busy machine, and none for a second question per table."""
    connection = await asyncpg.connect(fresh_database("shop"))
    await connection.execute("".join(WIDE_TABLE.format(number, max(number - 1, 0)) for number in range(1000)))
    took = []
    for _ in range(3):
        start = time.perf_counter()
        catalog = await read_catalog(connection)
        took.append(time.perf_counter() - start)
    await connection.close()
    assert len(catalog.relations) > 1000
    assert min(took) < 0.6
