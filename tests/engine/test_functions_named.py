"""Which functions can be roots, and what they are called."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from calls_kit import RULES, SCHEMA, House, opened

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.introspect.read import read_catalog
from gql_gen.model.build import build_model
from gql_gen.model.roles import check_all_roles, role_model
from gql_gen.model.types import Model, RoleModel
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import RulesError
from usher.postgres import EmbeddedPostgres

MORE = """
create function twice(a integer) returns integer stable language sql as $$ select a $$;
create function twice(a text) returns integer stable language sql as $$ select 1 $$;
create function rest(variadic a integer[]) returns integer stable language sql as $$ select 1 $$;
create function gives(a integer, out b integer, out c integer) stable language sql as $$ select 1, 2 $$;
create function both_ways(inout a integer) stable language sql as $$ select a $$;
create function own_table() returns table (x integer, y text) stable language sql as $$ select 1, 'a' $$;
create function records() returns setof record stable language sql as $$ select 1, 'a' $$;
create function numbers() returns setof integer stable language sql as $$ select 1 $$;
create function nothing() returns void volatile language sql as $$ select $$;
create function anything(a anyelement) returns anyelement stable language sql as $$ select a $$;
create function takes_row(a note) returns integer stable language sql as $$ select 1 $$;
create function spelled("not-graphql" integer) returns integer stable language sql as $$ select 1 $$;
create function notes_array() returns note[] stable language sql as $$ select array_agg(note) from note $$;
create function fires() returns trigger language plpgsql as $$ begin return new; end $$;
create procedure proceeds(a integer) language sql as $$ select 1 $$;
create aggregate gathers(integer) (sfunc = int4pl, stype = integer);
create function "odd name"() returns integer stable language sql as $$ select 1 $$;
create function _hidden() returns integer stable language sql as $$ select 1 $$;
create schema other;
create function other.search(n integer) returns setof note stable language sql as $$ select * from note where id = n $$;
"""


@pytest.fixture(scope="module")
async def house(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    async with opened(postgres, "functions_named", SCHEMA + MORE, RULES) as found:
        yield found


@pytest.fixture(scope="module")
async def catalog(house: House) -> Catalog:
    connection: asyncpg.Connection = house.connection
    return await read_catalog(connection)


def model(catalog: Catalog, functions: str, *, top: str = "naming: hasura", note: str = "{}") -> Model:
    text = f"version: 1\n{top}\nroles: {{ user: {{}} }}\nfunctions:\n  {functions}\ntables: {{ note: {note} }}\n"
    rules = parse_rules(text, "permissions.yaml")
    return check_all_roles(build_model(catalog, rules, {}), rules)


def roots(found: Model) -> tuple[set[str], set[str]]:
    """The queries and mutations of functions, as admin has them."""
    schema = RoleSchema(admin(found))
    tables = {name.name for name in found.entities[Ident("public", "note")].root_fields.values()}
    queries = set(schema.query_root.fields)
    mutations = set() if schema.mutation_root is None else set(schema.mutation_root.fields)
    return queries - tables, mutations - tables


def admin(found: Model) -> RoleModel:
    rules = parse_rules("version: 1\ntables: {}\n", "none.yaml")
    return role_model(found, rules, "admin")


# ---------------------------------------------------------------- what cannot be one


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("serch", 'the database has no function public.serch (did you mean "public.search"?)'),
        ("pg_catalog.now", "the database has no function pg_catalog.now"),
        ("other.twice", "the database has no function other.twice"),
        ("twice", "public.twice stands for 2 functions: only one that is told by its name can be served"),
        ("rest", "public.rest takes a variadic argument, which a field cannot have"),
        ("gives", "public.gives has an out argument"),
        ("both_ways", "public.both_ways has an inout argument"),
        ("own_table", "public.own_table returns a table of its own making"),
        ("records", "public.records returns a set of record, not rows of a tracked table"),
        ("numbers", "public.numbers returns a set of int4, not rows of a tracked table"),
        ("nothing", "public.nothing returns void, which is no type of a value"),
        ("anything", 'public.anything takes "a" as anyelement, which is no type of a value'),
        ("takes_row", 'public.takes_row takes "a" as note, which is a row and no single value'),
        ("spelled", 'public.spelled has the argument "not-graphql", which GraphQL cannot spell'),
        ("notes_array", "public.notes_array returns _note, which is a row and no single value"),
        ("fires", "public.fires returns trigger, which is no type of a value"),
        ("proceeds", "public.proceeds is no plain function: its kind is procedure"),
        ("gathers", "public.gathers is no plain function: its kind is aggregate"),
        ("nobody", "public.nobody returns rows of public.diary, which is not tracked (list public.diary)"),
        ('"odd name"', 'the root field "odd name" is not a valid GraphQL name'),
    ],
)
async def test_what_cannot_be_a_root_is_a_fault_at_its_place(catalog: Catalog, name: str, said: str) -> None:
    for settings in ("{}", "{ permissions: [user] }"):
        found = model(catalog, f"{name}: {settings}")
        (fault,) = found.faults
        plain = name.strip('"') if "." in name else f"public.{name.strip(chr(34))}"
        assert str(fault).startswith(f"permissions.yaml:5:3: the function {plain} is left out: ")
        assert said in str(fault)
        assert found.functions == {}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("mine: { session_argument: sesion }", 'public.mine has no argument "sesion" (did you mean "session"?)'),
        ("mine: { session_argument: low }", 'takes "low" as int4, and session variables are json'),
        ("whoami: { session_argument: x }", 'public.whoami has no argument "x"'),
        ("newest: { session_argument: x }", 'public.newest has no argument "x"'),
    ],
)
async def test_the_session_needs_an_argument_of_json(catalog: Catalog, settings: str, said: str) -> None:
    (fault,) = model(catalog, settings).faults
    assert said in str(fault)


async def test_a_json_argument_that_is_not_the_sessions_is_the_callers(catalog: Catalog) -> None:
    found = model(catalog, "whoami: { permissions: [user] }")
    assert [each.filled_by for each in found.functions[Ident("public", "whoami")].routine.parameters] == ["caller"]


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("naming", "expected"),
    [
        ("hasura", {"note_of", "search", "search_aggregate"}),
        ("graphql-default", {"noteOf", "search", "searchAggregate"}),
        ("nhost", {"noteOf", "search", "searchAggregate"}),
    ],
)
async def test_names_in_the_three_namings(catalog: Catalog, naming: str, expected: set[str]) -> None:
    found = model(catalog, "search: {}\n  note_of: {}", top=f"naming: {naming}")
    assert not found.faults
    queries, _ = roots(found)
    assert queries == expected, queries


async def test_a_chosen_name_goes_to_roots_and_arguments(catalog: Catalog) -> None:
    found = model(catalog, "search: { name: find }")
    assert roots(found)[0] == {"find", "find_aggregate"}
    assert found.functions[Ident("public", "search")].arguments_type == "find_args"
    chosen = (
        "search: { name: find, root_fields: { function: look, function_aggregate: { name: sums, comment: Sums. } } }"
    )
    found = model(catalog, chosen)
    assert roots(found)[0] == {"look", "sums"}
    assert found.functions[Ident("public", "search")].root_fields["function_aggregate"].comment == "Sums."


async def test_prefixes_suffixes_and_a_namespace(catalog: Catalog) -> None:
    custom = "customization: { root_fields: { prefix: my_, suffix: _x }, type_names: { prefix: T, suffix: _t } }"
    found = model(catalog, "search: {}", top=f"naming: hasura\n{custom}")
    assert roots(found)[0] == {"my_search_x", "my_search_aggregate_x"}
    assert found.functions[Ident("public", "search")].arguments_type == "Tsearch_args_t"
    spaced = "customization: { root_fields: { namespace: app } }"
    found = model(catalog, "search: {}\n  say: {}", top=f"naming: hasura\n{spaced}")
    schema = RoleSchema(admin(found))
    assert set(schema.query_root.fields) == {"app"}
    assert schema.mutation_root is not None
    assert set(schema.mutation_root.fields) == {"app"}


async def test_another_schemas_function_is_called_after_it(catalog: Catalog) -> None:
    found = model(catalog, "search: {}\n  other.search: {}")
    assert not found.faults
    assert roots(found)[0] == {"search", "search_aggregate", "other_search", "other_search_aggregate"}


@pytest.mark.parametrize(
    ("functions", "note", "said"),
    [
        ("search: { name: note }", "{}", 'the root field "note" clashes with that of public.note (select)'),
        ("search: {}", "{ root_fields: { select: search } }", '"search" clashes with that of public.note (select)'),
        (
            "search: {}\n  newest: { name: search_aggregate }",
            "{}",
            '"search_aggregate" clashes with that of the function public.search (function_aggregate)',
        ),
        ("say: { name: delete_note }", "{}", '"delete_note" clashes with that of public.note (delete)'),
        (
            "add: { name: note_bool }",
            "{ name: note_bool_args }",
            '"note_bool_args", would clash with a type of public.note',
        ),
        (
            "search: {}\n  other.search: { name: search, root_fields: { function: a, function_aggregate: b } }",
            "{}",
            '"search_args", would clash with that of the function public.search',
        ),
    ],
)
async def test_a_clash_names_both_sides(catalog: Catalog, functions: str, note: str, said: str) -> None:
    (fault,) = model(catalog, functions, note=note).faults
    assert said in str(fault)


async def test_a_function_that_clashes_takes_nothing_from_others(catalog: Catalog) -> None:
    """It is left out as a whole, and gives back what it had claimed."""
    found = model(
        catalog, "search: { root_fields: { function: find, function_aggregate: note } }\n  newest: { name: find }"
    )
    assert len(found.faults) == 1
    assert roots(found)[0] == {"find"}
    found = model(catalog, "add: { root_fields: { function: note } }\n  unnamed: { name: add }")
    assert len(found.faults) == 1
    assert roots(found)[0] == {"add"}
    twice = model(catalog, "search: { root_fields: { function: x, function_aggregate: x } }")
    assert 'the root field "x" clashes with that of the function public.search (function)' in str(twice.faults[0])


async def test_a_mutation_and_a_query_may_be_called_the_same(catalog: Catalog) -> None:
    found = model(catalog, "say: { name: note }")
    assert not found.faults
    schema = RoleSchema(admin(found))
    assert schema.mutation_root is not None
    assert "note" in schema.query_root.fields
    assert "note" in schema.mutation_root.fields


# ---------------------------------------------------------------- whose they are

INFERRED = "naming: hasura\ninfer_function_permissions: true"
GRANT = "{ permissions: { user: { select: { columns: [id], filter: {}, allow_aggregations: true } } } }"


@pytest.mark.parametrize(
    ("settings", "top", "is_there"),
    [
        ("search: {}", INFERRED, True),
        ("newest: {}", INFERRED, True),
        ("search: {}", "naming: hasura", False),
        ("search: { permissions: [] }", INFERRED, False),
        ("search: { permissions: [user] }", "naming: hasura", True),
        ("search: { exposed_as: mutation }", INFERRED, False),
        ("stir: { exposed_as: query }", INFERRED, False),
        ("stir: {}", INFERRED, False),
        ("add: {}", INFERRED, False),
        ("whoami: { session_argument: session }", INFERRED, False),
    ],
)
async def test_the_right_to_call_is_inferred_for_what_only_reads_rows(
    catalog: Catalog, settings: str, top: str, is_there: bool
) -> None:
    text = f"version: 1\n{top}\nroles: {{ user: {{}} }}\nfunctions:\n  {settings}\ntables: {{ note: {GRANT} }}\n"
    rules = parse_rules(text, "permissions.yaml")
    made = build_model(catalog, rules, {})
    assert not made.faults
    assert bool(role_model(made, rules, "user").functions) == is_there
    assert role_model(made, rules, "admin").functions
    assert not role_model(made, rules, "stranger").functions


async def test_a_function_goes_with_its_table(catalog: Catalog) -> None:
    """A select rule with a fault takes the table, and what returns its rows, away from the role."""
    text = """version: 1
naming: hasura
roles: { user: {} }
functions: { search: { permissions: [user] }, add: { permissions: [user] } }
tables: { note: { permissions: { user: { select: { columns: [id, titel], filter: {} } } } } }
"""
    rules = parse_rules(text, "permissions.yaml")
    found = role_model(build_model(catalog, rules, {}), rules, "user")
    assert [ident.name for ident in found.functions] == ["add"]


async def test_a_role_that_is_named_and_does_not_exist_is_a_fault(catalog: Catalog) -> None:
    with pytest.raises(RulesError, match="usr"):
        model(catalog, "search: { permissions: [usr] }")
