"""Roles that inherit: what they read is joined, what they write must be the same, and nothing is ever widened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from calls_kit import House, opened
from grants_kit import SCHEMA

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.introspect.read import read_catalog
from gql_gen.model.build import build_model
from gql_gen.model.roles import check_all_roles, has_backend_rules, role_model
from gql_gen.model.types import Model, RoleEntity, RoleModel
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import Rules, RulesError
from usher.postgres import EmbeddedPostgres

PERSON, THING, CLUB = (Ident("public", name) for name in ("person", "thing", "club"))
RULES = """
version: 1
naming: hasura
roles:
  everyone: {}
  owner: {}
  trader: {}
  member: { inherits: [everyone, owner] }
  chief: { inherits: [member, trader] }
  diamond: { inherits: [member, owner, everyone] }
  heir: { inherits: [member] }
functions:
  people: { permissions: [everyone] }
  person_of: { permissions: [trader] }
  club_words: { permissions: [trader] }
tables:
  person:
    computed_fields: { initial: initial, pin_twice: pin_twice, things_of: things_of }
    permissions:
      everyone:
        select: { columns: [id, name], filter: {}, limit: 2, computed_fields: [initial] }
        update: { columns: [name], filter: { id: X-Hasura-User-Id } }
      owner:
        select:
          columns: [id, email, pin]
          filter: { id: X-Hasura-User-Id }
          limit: 3
          allow_aggregations: true
          computed_fields: [pin_twice]
        update: { columns: [name], filter: { id: X-Hasura-User-Id } }
        delete: { filter: { id: X-Hasura-User-Id } }
      heir:
        delete: { filter: { name: nobody } }
  thing:
    permissions:
      everyone: { select: { columns: [id, label], filter: { price: { _lt: 8 } } } }
      owner: { select: { columns: [id, price, owner_id], filter: { owner_id: X-Hasura-User-Id } } }
      trader:
        select: { columns: [id, price], filter: {}, query_root_fields: [select_by_pk] }
        insert: { columns: [id, label], check: {}, backend_only: true }
      chief: { select: { columns: [label], filter: { id: { _eq: 1 } } } }
  club:
    permissions:
      trader: { select: { columns: [id, word], filter: { person_id: X-Hasura-User-Id } } }
"""


@pytest.fixture(scope="module")
async def house(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    async with opened(postgres, "inherited", SCHEMA, RULES) as found:
        yield found


@pytest.fixture(scope="module")
async def catalog(house: House) -> Catalog:
    return await read_catalog(house.connection)


def entity(catalog: Catalog, role: str, table: Ident = PERSON, *, is_backend: bool = False) -> RoleEntity:
    return model(catalog, role, is_backend=is_backend).entities[table]


def model(catalog: Catalog, role: str, *, is_backend: bool = False) -> RoleModel:
    rules = parse_rules(RULES, "permissions.yaml")
    return role_model(build_model(catalog, rules, {}), rules, role, is_backend)


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize("role", ["member", "diamond", "heir"])
async def test_rows_and_cells_are_joined(house: House, role: str) -> None:
    rows = await house.it("person(order_by: {id: asc}) { id name email pin initial pin_twice }", role, 2)
    assert rows == [
        {"id": 1, "name": "Ada", "email": None, "pin": None, "initial": "A", "pin_twice": None},
        {"id": 2, "name": "Bo", "email": "bo@x", "pin": 22, "initial": "B", "pin_twice": 44},
        {"id": 3, "name": "Cy", "email": None, "pin": None, "initial": "C", "pin_twice": None},
    ]


async def test_a_cell_is_seen_by_the_filter_of_whoever_lists_it(house: House) -> None:
    things = await house.it("thing(order_by: {id: asc}) { id label price }", "member", 2)
    assert things == [
        {"id": 1, "label": "axe", "price": None},
        {"id": 2, "label": "bow", "price": None},
        {"id": 3, "label": None, "price": 9},
        {"id": 4, "label": "dice", "price": None},
        {"id": 5, "label": "egg", "price": None},
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [('label: {_eq: "cup"}', 0), ("price: {_eq: 9}", 1), ("price: {_eq: 5}", 0), ("label: {_is_null: true}", 1)],
)
async def test_filters_see_null_where_a_cell_is_out_of_sight(house: House, where: str, expected: int) -> None:
    assert len(await house.it(f"thing(where: {{{where}}}) {{ id }}", "member", 2)) == expected


async def test_the_widest_limit_holds_and_none_where_one_has_none(house: House, catalog: Catalog) -> None:
    assert [entity(catalog, role).limit for role in ("everyone", "owner", "member", "chief")] == [2, 3, 3, 3]
    assert entity(catalog, "member", THING).limit is None
    assert len(await house.it("person { id }", "member")) == 3


async def test_aggregates_and_roots_are_those_of_any(house: House, catalog: Catalog) -> None:
    counted = await house.it("person_aggregate { aggregate { count sum { pin } } }", "member", 2)
    assert counted == {"aggregate": {"count": 4, "sum": {"pin": 22}}}
    assert await house.refused("{ person_aggregate { aggregate { count } } }", "everyone")
    assert entity(catalog, "trader", THING).query_roots == {"select_by_pk"}


async def test_what_stands_under_its_own_name_takes_the_place_of_the_rest(house: House) -> None:
    """`chief` reads things by its own rule, wider ones of its parents or not; people by theirs."""
    assert await house.it("thing { label }", "chief", 2) == [{"label": "axe"}]
    assert "not found" in await house.refused("{ thing { price } }", "chief")
    assert len(await house.it("person { id email }", "chief", 2)) == 3
    assert await house.it("club { word }", "chief", 2) == [{"word": "w2"}]


async def test_guarded_columns_are_nullable_and_others_as_they_were(house: House) -> None:
    assert "  name: String!\n" in house.engine.sdl("everyone")
    assert "  name: String!\n" in house.engine.sdl("member")
    assert "  price: Int\n" in house.engine.sdl("member")
    assert "  id: Int!\n" in house.engine.sdl("member")


async def test_an_heir_sees_what_its_only_parent_sees(catalog: Catalog) -> None:
    heir, member = entity(catalog, "heir"), entity(catalog, "member")
    assert (heir.rule, heir.guards, heir.columns, heir.limit) == (
        member.rule,
        member.guards,
        member.columns,
        member.limit,
    )
    diamond = entity(catalog, "diamond")
    assert (diamond.columns, diamond.guards.keys()) == (member.columns, member.guards.keys())


# ---------------------------------------------------------------- functions


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("everyone", {"people"}),
        ("owner", set()),
        ("trader", {"club_words"}),
        ("member", {"people"}),
        ("heir", {"people"}),
        ("chief", {"people", "person_of", "club_words"}),
    ],
)
async def test_a_function_may_be_called_if_any_may(catalog: Catalog, role: str, expected: set[str]) -> None:
    """`trader` may call `person_of` and see nobody."""
    assert {ident.name for ident in model(catalog, role).functions} == expected


async def test_rows_of_functions_are_joined_too(house: House) -> None:
    rows = await house.it("people(where: {id: {_lte: 2}}) { id name pin }", "member", 2)
    assert rows == [{"id": 1, "name": "Ada", "pin": None}, {"id": 2, "name": "Bo", "pin": 22}]
    assert await house.it("person_of(args: {i: 1}) { name pin }", "chief", 2) == {"name": "Ada", "pin": None}
    assert await house.it("club_words { word }", "chief", 2) == [{"word": "w2"}]


# ---------------------------------------------------------------- what is written


async def test_the_same_rule_comes_along(house: House, catalog: Catalog) -> None:
    for role in ("member", "diamond", "heir", "chief"):
        rule = entity(catalog, role).update
        assert rule is not None
        assert rule.columns == {"name"}
        text = 'mutation { update_person(where: {}, _set: {name: "x"}) { affected_rows returning { id pin } } }'
        found = await house.undone(text, role, 2)
        assert found == {"update_person": {"affected_rows": 1, "returning": [{"id": 2, "pin": 22}]}}


async def test_a_rule_that_one_parent_has_comes_along(house: House) -> None:
    text = "mutation { delete_club(where: {}) { affected_rows } }"
    assert await house.refused(text, "chief")
    deleted = "mutation { delete_person(where: {id: {_eq: 4}}) { affected_rows } }"
    assert await house.undone(deleted, "member", 4) == {"delete_person": {"affected_rows": 1}}
    assert await house.undone(deleted, "member", 2) == {"delete_person": {"affected_rows": 0}}
    assert await house.refused(deleted, "everyone", 4)


async def test_its_own_rule_takes_the_place_of_theirs(house: House) -> None:
    deleted = "mutation { delete_person(where: {id: {_eq: 4}}) { affected_rows } }"
    assert await house.undone(deleted, "heir", 4) == {"delete_person": {"affected_rows": 0}}


async def test_what_is_for_the_backend_alone_stays_so(catalog: Catalog) -> None:
    rules = parse_rules(RULES, "permissions.yaml")
    for role in ("trader", "chief"):
        assert entity(catalog, role, THING).insert is None
        assert entity(catalog, role, THING, is_backend=True).insert is not None
        assert has_backend_rules(rules, role)
    assert not has_backend_rules(rules, "member")


# ---------------------------------------------------------------- where parents differ

ROLES = "{ a: {}, b: {}, c: {}, ab: { inherits: [a, b] }, abc: { inherits: [ab, c] }, ba: { inherits: [b, a] } }"


def built(catalog: Catalog, permissions: str, roles: str = ROLES) -> tuple[Model, Rules]:
    text = f"version: 1\nnaming: hasura\nroles: {roles}\ntables:\n  person:\n    permissions:\n{permissions}"
    rules = parse_rules(text, "permissions.yaml")
    return check_all_roles(build_model(catalog, rules, {}), rules), rules


def of(found: tuple[Model, Rules], role: str) -> RoleEntity | None:
    return role_model(*found, role, True).entities.get(PERSON)


SELECT = "select: { columns: [id], filter: {} }"
DIFFERENT: dict[str, tuple[str, str]] = {
    "filter": ("delete: { filter: {} }", "delete: { filter: { id: 1 } }"),
    "columns": ("update: { columns: [name], filter: {} }", "update: { columns: [name, pin], filter: {} }"),
    "check": ("insert: { columns: [name], check: {} }", "insert: { columns: [name], check: { id: 1 } }"),
    "presets": (
        "insert: { columns: [id], check: {}, set: { name: x } }",
        "insert: { columns: [id], check: {}, set: { name: y } }",
    ),
    "backend_only": ("delete: { filter: {} }", "delete: { filter: {}, backend_only: true }"),
    "message": ("delete: { filter: {} }", "delete: { filter: {}, message: no }"),
    "recheck": ("insert: { columns: [id], check: {} }", "insert: { columns: [id], check: {}, recheck: true }"),
}


@pytest.mark.parametrize("part", DIFFERENT)
async def test_rules_that_differ_are_given_to_nobody_and_told(catalog: Catalog, part: str) -> None:
    ours, theirs = DIFFERENT[part]
    kind = ours.split(":")[0]
    found = built(catalog, f"      a: {{ {SELECT}, {ours} }}\n      b: {{ {SELECT}, {theirs} }}\n")
    for role in ("ab", "ba", "abc"):
        seen = of(found, role)
        assert seen is not None
        assert getattr(seen, kind) is None
    told = [str(fault) for fault in found[0].faults]
    for fault, (heir, one, two) in zip(told, [("ab", "a", "b"), ("ba", "b", "a")], strict=True):
        assert fault.startswith("permissions.yaml:3:")
        assert f"the role {heir} inherits two {kind} rules for public.person that differ: that of {one} (" in fault
        assert f"and that of {two} (permissions.yaml:{7 if two == 'a' else 8}:" in fault
        assert fault.endswith(f"; it has neither (give {heir} a rule of its own)")


@pytest.mark.parametrize("kind", ["insert", "update", "delete"])
async def test_rules_are_compared_by_what_they_mean(catalog: Catalog, kind: str) -> None:
    """However they are spelled, in whatever order the columns stand."""
    spelled = {
        "insert": ("{ columns: [name, pin], check: { id: 1 } }", "{ columns: [pin, name], check: { id: { _eq: 1 } } }"),
        "update": ("{ columns: [name], filter: { id: 1 } }", "{ columns: [name], filter: { _and: [{ id: 1 }] } }"),
        "delete": ("{ filter: { id: X-Hasura-User-Id } }", "{ filter: { id: { _eq: x-hasura-user-id } } }"),
    }
    ours, theirs = spelled[kind]
    found = built(catalog, f"      a: {{ {SELECT}, {kind}: {ours} }}\n      b: {{ {SELECT}, {kind}: {theirs} }}\n")
    assert not found[0].faults
    for role in ("ab", "ba", "abc"):
        seen = of(found, role)
        assert seen is not None
        assert getattr(seen, kind) is not None


async def test_an_own_rule_settles_what_parents_differ_in(catalog: Catalog) -> None:
    ours, theirs = DIFFERENT["filter"]
    own = "      ab: { delete: { filter: { id: 7 } } }\n      ba: { delete: { filter: { id: 7 } } }\n"
    found = built(catalog, f"      a: {{ {SELECT}, {ours} }}\n      b: {{ {SELECT}, {theirs} }}\n{own}")
    assert not found[0].faults
    assert of(found, "abc") is not None


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize("wrong", ["columns: [idd], filter: {}", "columns: [id], filter: { nothing: 1 }"])
async def test_a_fault_in_a_parents_select_rule_takes_the_table_from_the_heir(catalog: Catalog, wrong: str) -> None:
    """Else the heir would see the rows of one filter with the columns of another's mistake."""
    found = built(
        catalog, f"      a: {{ {SELECT}, delete: {{ filter: {{}} }} }}\n      b: {{ select: {{ {wrong} }} }}\n"
    )
    assert len(found[0].faults) == 1
    assert of(found, "a") is not None
    assert [of(found, role) for role in ("b", "ab", "ba", "abc")] == [None] * 4


async def test_a_fault_in_a_parents_write_rule_leaves_the_heir_without(catalog: Catalog) -> None:
    found = built(catalog, f"      a: {{ {SELECT}, update: {{ columns: [name], filter: {{ nothing: 1 }} }} }}\n")
    seen = of(found, "ab")
    assert seen is not None
    assert seen.update is None


@pytest.mark.parametrize(
    ("kind", "faulty"),
    [("delete", "{ filter: { nothing: 1 } }"), ("update", "{ columns: [gone], filter: {} }")],
)
async def test_a_fault_never_settles_what_parents_differ_in(catalog: Catalog, kind: str, faulty: str) -> None:
    """A column that is dropped takes the rule of one parent away: the other's must not come to stand alone."""
    sound = {"delete": "{ filter: {} }", "update": "{ columns: [name], filter: {} }"}[kind]
    granted = f"      a: {{ {SELECT}, {kind}: {sound} }}\n      b: {{ {SELECT}, {kind}: {faulty} }}\n"
    for role in ("ab", "ba", "abc"):
        seen = of(built(catalog, granted), role)
        assert seen is not None
        assert getattr(seen, kind) is None, role


async def test_what_parents_differ_in_stays_so_for_the_heirs_of_their_heir(catalog: Catalog) -> None:
    ours, theirs = DIFFERENT["filter"]
    granted = f"      a: {{ {SELECT}, {ours} }}\n      b: {{ {SELECT}, {theirs} }}\n      c: {{ {SELECT}, {ours} }}\n"
    seen = of(built(catalog, granted), "abc")
    assert seen is not None
    assert seen.delete is None


async def test_an_own_faulty_rule_is_not_replaced_by_the_parents(catalog: Catalog) -> None:
    own = "      ab: { delete: { filter: { nothing: 1 } } }\n"
    found = built(catalog, f"      a: {{ {SELECT}, delete: {{ filter: {{}} }} }}\n{own}")
    seen = of(found, "ab")
    assert seen is not None
    assert seen.delete is None
    own = "      ab: { select: { columns: [idd], filter: {} } }\n"
    found = built(catalog, f"      a: {{ {SELECT}, delete: {{ filter: {{}} }} }}\n{own}")
    assert of(found, "ab") is None


@pytest.mark.parametrize(
    "roles",
    [
        "{ a: { inherits: [b] }, b: { inherits: [a] } }",
        "{ a: { inherits: [a] } }",
        "{ a: { inherits: [nobody] } }",
        "{ a: {}, admin: { inherits: [a] } }",
        "{ a: { inherits: [admin] } }",
    ],
)
async def test_a_role_inherits_from_roles_that_there_are_and_not_from_itself(roles: str) -> None:
    with pytest.raises(RulesError):
        parse_rules(f"version: 1\nroles: {roles}\ntables: {{}}\n", "permissions.yaml")


async def test_many_levels_are_joined_in_no_time(catalog: Catalog) -> None:
    """Each level inherits the one below twice over: by paths there would be a million."""
    levels = [
        f"r{n}a: {{ inherits: [r{n - 1}a, r{n - 1}b] }}, r{n}b: {{ inherits: [r{n - 1}b, r{n - 1}a] }}"
        for n in range(1, 21)
    ]
    roles = f"{{ r0a: {{}}, r0b: {{}}, {', '.join(levels)} }}"
    rule = f"{{ {SELECT}, delete: {{ filter: {{}} }} }}"
    found = built(catalog, f"      r0a: {rule}\n      r0b: {rule}\n", roles)
    seen: Any = of(found, "r20a")
    assert seen.delete is not None
