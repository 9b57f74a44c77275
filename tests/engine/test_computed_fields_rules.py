"""Computed fields in row rules and checks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from asked_kit import RULES, SCHEMA
from calls_kit import House, opened

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.introspect.read import read_catalog
from gql_gen.model.build import build_model
from gql_gen.model.roles import check_all_roles, role_model
from gql_gen.model.types import RoleModel
from gql_gen.rules.load import parse_rules
from usher.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
async def house(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    async with opened(postgres, "computed_rules", SCHEMA, RULES) as found:
        yield found


@pytest.fixture(scope="module")
async def catalog(house: House) -> Catalog:
    return await read_catalog(house.connection)


def ids(*numbers: int) -> list[dict[str, int]]:
    return [{"id": number} for number in numbers]


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize(("user", "expected"), [(1, [1]), (2, []), (3, [3]), (9, [])])
async def test_a_rule_may_compare_what_is_computed(house: House, user: int, expected: list[int]) -> None:
    assert await house.it("person { id }", "ruled", user) == ids(*expected)


async def test_a_rule_may_look_through_rows_that_are_computed(house: House) -> None:
    """Rules see the rows they walk through as they are: the hidden dog too."""
    assert await house.it("person(order_by: {id: asc}) { id }", "friendly") == ids(1, 2)


async def test_a_check_may_compare_what_is_computed(house: House) -> None:
    failed = "check constraint of an insert/update permission has failed"
    insert = "mutation {{ insert_person(objects: [{0}]) {{ affected_rows }} }}"
    assert await house.refused(insert.format('{id: 9, name: "Flo"}'), "ruled") == failed
    assert await house.undone(insert.format('{id: 9, name: "Eve"}'), "ruled")
    both = '{id: 9, name: "Eve"}, {id: 10, name: "Flo"}'
    assert await house.refused(insert.format(both), "ruled") == failed
    answer = "affected_rows returning { id name }"
    update = f'mutation {{ update_person(where: {{}}, _set: {{name: "%s"}}) {{ {answer} }} }}'
    assert await house.refused(update % "x", "ruled") == failed
    assert await house.undone(update % "y", "ruled", 2) == {
        "update_person": {"affected_rows": 1, "returning": [{"id": 2, "name": "y"}]}
    }


async def test_a_filter_of_writes_may_compare_what_is_computed(house: House) -> None:
    update = 'mutation { update_person_by_pk(pk_columns: {id: 1}, _set: {name: "y"}) { id } }'
    assert await house.undone(update, "ruled", 1) == {"update_person_by_pk": {"id": 1}}
    assert await house.undone(update, "ruled", 2) == {"update_person_by_pk": None}


async def test_a_check_may_look_through_rows_that_are_computed(house: House) -> None:
    """The row is judged as it is after the write."""
    insert = 'mutation {{ insert_person(objects: [{{id: 9, name: "Eve", friend_id: {0}}}]) {{ affected_rows }} }}'
    assert await house.undone(insert.format(1), "friendly") == {"insert_person": {"affected_rows": 1}}
    assert await house.refused(insert.format(2), "friendly")
    assert await house.refused(insert.format("null"), "friendly")


async def test_a_rule_that_fails_tells_no_more_than_that(house: House) -> None:
    """Rules are asked of every row, hidden ones too: a rule must not be made of what fails."""
    answer = str(await house.ask("{ person { id } }", "counted"))
    assert "hidden" not in answer
    assert "Cy" not in answer


async def test_rules_need_the_session_where_a_function_does_not(house: House) -> None:
    """The session's variables go to a function as they are: one that is absent is absent there."""
    assert await house.it("person { id }", "ruled", None) == []


# ---------------------------------------------------------------- what is wrong with rules


def faults(catalog: Catalog, rule: str, computed: str = "loud: loud, older: older, pets_of: pets_of") -> list[str]:
    text = f"""version: 1
naming: hasura
roles: {{ user: {{}} }}
tables:
  pet: {{}}
  person:
    computed_fields: {{ {computed} }}
    permissions: {{ user: {{ select: {{ columns: [id], filter: {rule} }} }} }}
"""
    rules = parse_rules(text, "permissions.yaml")
    return [str(fault) for fault in check_all_roles(build_model(catalog, rules, {}), rules).faults]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{ older: true }", 'the computed field "older" of public.person takes arguments, which a rule cannot give'),
        ("{ loud: { _gtt: x } }", '"loud"'),
        ("{ loud: { _contains: x } }", '"_contains" does not work on the computed field "loud" of public.person'),
        ("{ pets_of: { knd: dog } }", 'public.pet has no column or relationship "knd"'),
        ("{ pets_of: { _eq: 1 } }", "pets_of"),
        ("{ loudd: x }", 'public.person has no column or relationship "loudd" (did you mean "loud"?)'),
        ("{ friend: { older: true } }", "takes arguments, which a rule cannot give"),
    ],
)
async def test_what_a_rule_cannot_say_is_a_fault_with_its_place(catalog: Catalog, rule: str, said: str) -> None:
    (fault,) = faults(catalog, rule)
    assert said in fault
    assert fault.startswith("permissions.yaml:8:")


async def test_a_function_that_may_write_is_no_computed_field(catalog: Catalog) -> None:
    (fault,) = faults(catalog, "{}", "writes: writes")
    assert "public.writes is volatile, and may write: a query must not (declare it stable)" in fault


async def test_a_computed_field_that_is_left_out_takes_the_rules_that_use_it(catalog: Catalog) -> None:
    found = faults(catalog, "{ writes: 1 }", "writes: writes")
    assert len(found) == 2
    assert 'has no column or relationship "writes"' in found[1]


def _role(catalog: Catalog, name: str) -> RoleModel:
    rules = parse_rules(RULES, "permissions.yaml")
    return role_model(build_model(catalog, rules, {}), rules, name)


async def test_a_rule_may_use_what_the_role_may_not_ask_for(catalog: Catalog) -> None:
    """As it may use hidden columns."""
    ruled = _role(catalog, "ruled").entities[Ident("public", "person")]
    assert "loud" not in ruled.computed
    assert "is_me" not in ruled.computed
