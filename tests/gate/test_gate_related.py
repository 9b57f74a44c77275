"""Writes along an update, made by hand as a careless or hostile dialect might: refused, or bound by the rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gate_kit import INT, column, literal
from model.builders import catalog, rules, sound, table

from gql_gen.catalog.types import Ident
from gql_gen.errors import Rejected
from gql_gen.gate.permit import permit_writes
from gql_gen.model.predicates import TRUE, Compare, Pred, both
from gql_gen.model.roles import role_model
from gql_gen.model.types import RoleModel
from gql_gen.plan.nodes import ShowColumn
from gql_gen.plan.writes import (
    Assignment,
    Delete,
    Insert,
    Lookup,
    OneRow,
    OwnKey,
    RelatedWrite,
    Response,
    ShowAffected,
    Update,
    UpdateMany,
    WriteAccess,
    WritePlan,
    WriteRoot,
)

PERSON, TASK, TEAM = (Ident("public", name) for name in ("person", "task", "team"))
RULES = """
roles: { user: {}, mover: {} }
naming: hasura
tables:
  person:
    permissions:
      user:
        select: { columns: [id, name, team_id], filter: {} }
        update: { columns: [name], filter: {} }
      mover:
        select: { columns: [id, name, team_id], filter: {} }
        update: { columns: [name, team_id], filter: {} }
  task:
    permissions:
      user:
        select: { columns: [id, title], filter: {} }
        update: { columns: [title], filter: {} }
      mover:
        select: { columns: [id, title], filter: { title: { _neq: hidden } } }
        update:
          columns: [person_id]
          filter: { title: { _neq: locked } }
          check: { title: { _neq: "" } }
          set: { title: moved }
        insert: { columns: [title, person_id], check: { title: { _neq: bad } }, set: { size: 3 } }
        delete: { filter: { title: { _eq: done } } }
  team:
    permissions:
      mover: { select: { columns: [id, name], filter: { name: { _neq: dark } } } }
      user: { insert: { columns: [id], check: {} } }
"""
TASKS, TEAMS = (("id", "person_id"),), (("team_id", "id"),)


def role(name: str) -> RoleModel:
    person = table("person", "id int4!, name text, team_id int4", foreign={"team_id": "team.id"})
    task = table("task", "id int4!, title text, size int4, person_id int4", foreign={"person_id": "person.id"})
    found = rules(RULES)
    return role_model(sound(catalog(person, task, table("team", "id int4!, name text")), found), found, name)


def is_one(name: str = "id") -> Compare:
    return Compare(column(name, type=INT), "_eq", literal("1", INT))


ALONE = Update(PERSON, is_one(), (), "$", OneRow((ShowColumn("id", column("id", type=INT)),)))
ROWS = literal("[]")


def permitted(node: Update | UpdateMany, name: str, access: WriteAccess = "update_by_pk") -> Update:
    plan = WritePlan((WriteRoot("it", node, access),))
    found = permit_writes(plan, role(name)).plan.roots[0].node
    assert isinstance(found, Update)
    return found


def owning(source: Lookup | Insert | None, on: tuple[tuple[str, str], ...] = TEAMS) -> Update:
    return replace(ALONE, own_keys=(OwnKey("team", on, source, "$.team"),))


def along(
    node: Insert | Update | Delete, reach: str = "related", on: tuple[tuple[str, str], ...] = TASKS, name: str = "tasks"
) -> Update:
    return replace(ALONE, related=(RelatedWrite(name, on, node, reach, "$.tasks"),))  # type: ignore[arg-type]


def tasks(*assignments: str, where: Pred = TRUE) -> Update:
    return Update(TASK, where, tuple(Assignment(name, "set", None) for name in assignments), "$.tasks[0]", None)


CONNECT, DELETE, CREATE = tasks(where=is_one()), Delete(TASK, TRUE, "$.tasks", None), Insert(TASK, ROWS, (), "$.tasks")
FIND, MAKE = Lookup(TEAM, is_one(), "$.team"), Insert(TEAM, ROWS, (), "$.team")
SOUND = {
    "connect": along(CONNECT, "connect"),
    "disconnect": along(tasks("person_id")),
    "delete": along(DELETE),
    "create": along(CREATE, "create"),
    "find": owning(FIND),
    "nothing": owning(None),
}


@pytest.mark.parametrize("case", SOUND)
def test_a_role_with_every_right_may(case: str) -> None:
    assert permitted(SOUND[case], "mover")


@pytest.mark.parametrize("case", [*SOUND, "make"])
def test_without_the_right_it_is_unknown(case: str) -> None:
    """The user may neither change a key, nor insert or delete tasks; to insert a team alone would not be enough."""
    with pytest.raises(Rejected):
        permitted({**SOUND, "make": owning(MAKE)}[case], "user")


WRONG = {
    "a relationship that is not there": along(DELETE, on=(("team_id", "person_id"),)),
    "a relationship the other way": along(Delete(TEAM, TRUE, "$", None), on=TASKS),
    "a key that is not one": owning(FIND, on=(("team_id", "name"),)),
    "a key of another table": owning(Lookup(TASK, is_one(), "$"), on=TEAMS),
    "a column that cannot be changed": owning(None, on=(("id", "id"),)),
    "a row by what cannot be read": owning(replace(FIND, where=is_one("secret"))),
    "rows by what cannot be read": along(replace(DELETE, where=is_one("person_id"))),
    "a row that may not be made": owning(MAKE),
    "a column that may not be set": along(tasks("title")),
    "an update within": along(replace(CONNECT, related=(RelatedWrite("tasks", TASKS, DELETE, "related", "$"),))),
    "a key within": along(replace(CONNECT, own_keys=(OwnKey("person", (("person_id", "id"),), None, "$"),)), "connect"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_none_of_the_roles_is_unknown(case: str) -> None:
    with pytest.raises(Rejected):
        permitted(WRONG[case], "mover")


@pytest.mark.parametrize("case", SOUND)
@pytest.mark.parametrize("access", ["update", "update_many"])
def test_only_an_update_by_key_takes_others_along(case: str, access: WriteAccess) -> None:
    several = replace(SOUND[case], answer=Response((ShowAffected("n"),)))
    with pytest.raises(Rejected):
        permitted(several if access == "update" else UpdateMany(PERSON, (several,)), "mover", access)


# ---------------------------------------------------------------- what is put in place


def test_related_rows_are_bound_by_the_rules_of_their_table() -> None:
    model = role("mover")
    entity = model.entities[TASK]
    assert entity.update is not None
    assert entity.delete is not None
    for case in ("connect", "disconnect"):
        (write,) = permitted(SOUND[case], "mover").related
        assert isinstance(write.node, Update)
        assert write.node.rule == both(entity.update.filter, entity.rule)
        assert write.node.presets == entity.update.presets
        assert write.node.check is not None
        assert (write.node.check.pred, write.node.check.path) == (entity.update.check, "$.tasks[0]")
    (gone,) = permitted(SOUND["delete"], "mover").related
    assert isinstance(gone.node, Delete)
    assert gone.node.rule == both(entity.delete.filter, entity.rule)


def test_related_rows_are_made_by_the_rules_of_their_table() -> None:
    rule = role("mover").entities[TASK].insert
    assert rule is not None
    (made,) = permitted(SOUND["create"], "mover").related
    assert isinstance(made.node, Insert)
    assert made.node.check is not None
    assert (made.node.check.pred, made.node.presets) == (rule.check, rule.presets)


def test_a_row_to_refer_to_is_one_that_the_role_may_see() -> None:
    (key,) = permitted(SOUND["find"], "mover").own_keys
    assert isinstance(key.source, Lookup)
    assert key.source.rule == role("mover").entities[TEAM].rule
