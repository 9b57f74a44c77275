"""Every kind of write, in every position, asked for by a role that may not: always Rejected, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import pytest
from gate_kit import NOTE, OWNER, SECRET, is_x, role, write_plan
from gate_write_kit import (
    NOTE_KEY,
    NOTE_OWNER,
    access_of,
    conflict,
    delete,
    insert,
    notes_after,
    owner_before,
    returning,
    shown,
    update,
    update_by_key,
    update_many,
)

from gql_gen.errors import Rejected
from gql_gen.gate.permit import permit_writes
from gql_gen.gate.types import Permitted
from gql_gen.model.predicates import TRUE, Exists, Not, Pred
from gql_gen.model.types import ConflictTarget, PresetValue, RoleModel
from gql_gen.plan.nodes import Select, ShowLink
from gql_gen.plan.writes import (
    Delete,
    Insert,
    Lookup,
    OneRow,
    OwnKey,
    RelatedWrite,
    Response,
    ShowReturning,
    TableWrite,
    Update,
    UpdateMany,
    UpdateOperator,
    Write,
    WriteAccess,
    WritePlan,
    WriteRoot,
)


def allowed(node: Write, user: RoleModel) -> None:
    assert isinstance(permit_writes(write_plan(node, access_of(node)), user), Permitted)


def refused(node: Write, user: RoleModel) -> str:
    with pytest.raises(Rejected) as found:
        permit_writes(write_plan(node, access_of(node)), user)
    return found.value.message


# ---------------------------------------------------------------- columns that are written

WRITTEN: dict[str, tuple[str, Callable[[str], Write]]] = {
    "inserted": ("title", lambda name: insert(name)),
    "inserted beside another": ("title", lambda name: insert("id", name)),
    "inserted as one row": ("title", lambda name: insert(name, answer=OneRow(shown("id")))),
    "inserted before ours": ("name", lambda name: insert("title", before=[owner_before(name)])),
    "inserted after ours": ("title", lambda name: insert("name", relation=OWNER, after=[notes_after(name)])),
    "updated on conflict": ("title", lambda name: insert("title", on_conflict=conflict(name))),
    "updated on conflict, second": ("draft", lambda name: insert("title", on_conflict=conflict("title", name))),
    "set": ("draft", lambda name: update(name)),
    "set beside another": ("draft", lambda name: update("title", name)),
    "set by key": ("draft", lambda name: update_by_key(name)),
    "set, in many": ("draft", lambda name: update_many(update("title"), update(name))),
    "added to": ("owner_id", lambda name: update(name, operator="inc")),
    "appended to": ("title", lambda name: update(name, operator="append")),
    "a key of ours": ("owner_id", lambda name: update_by_key(own_keys=[OwnKey("owner", ((name, "id"),), None, "$")])),
}


@pytest.mark.parametrize("position", WRITTEN)
def test_a_column_that_may_be_written_may_stand_there(position: str) -> None:
    name, make = WRITTEN[position]
    allowed(make(name), role("clerk"))


@pytest.mark.parametrize("position", WRITTEN)
@pytest.mark.parametrize("name", ["hidden", "done", "absent", "", "salary"])
def test_a_column_that_may_not_be_written_is_refused(position: str, name: str) -> None:
    """`done` and `salary` are preset: the rule's and nobody's to give."""
    assert refused(WRITTEN[position][1](name), role("clerk")) == f"field '{name}' not found"


@pytest.mark.parametrize("operator", sorted(set(get_args(UpdateOperator)) - {"set"}))
def test_a_value_that_the_role_cannot_read_is_not_built_on(operator: UpdateOperator) -> None:
    clerk = role("clerk")
    for form in (lambda node: node, lambda node: update_many(update("title"), node)):
        allowed(form(update("title", operator=operator)), clerk)
        assert refused(form(update("draft", operator=operator)), clerk) == "field 'draft' not found"
    allowed(update("draft", operator=operator), role("admin"))


# ---------------------------------------------------------------- columns that are read

READ: dict[str, Callable[[str], Write]] = {
    "picked by, in an update": lambda name: update("title", where=is_x(name)),
    "picked by, by key": lambda name: replace(update_by_key("title"), where=is_x(name)),
    "picked by, in many": lambda name: update_many(update("title"), update("title", where=is_x(name))),
    "picked by, in a delete": lambda name: delete(where=is_x(name)),
    "picked by, in a delete by key": lambda name: delete(where=is_x(name), answer=OneRow(shown("id"))),
    "picked by, below not": lambda name: delete(where=Not(is_x(name))),
    "picked by, through a relationship": lambda name: delete(where=Exists(OWNER, NOTE_OWNER, is_x(name, depth=1))),
    "picked by, on conflict": lambda name: insert("title", on_conflict=conflict("title", where=is_x(name))),
    "picked by, on conflict, without an update": lambda name: insert("title", on_conflict=conflict(where=is_x(name))),
    "answered, of an insert": lambda name: insert("title", answer=returning(name)),
    "answered, of one row": lambda name: insert("title", answer=OneRow(shown("id", name))),
    "answered, of an update": lambda name: update("title", answer=returning("id", name)),
    "answered, of an update by key": lambda name: update("title", where=is_x("id"), answer=OneRow(shown(name))),
    "answered, of many": lambda name: update_many(update("title", answer=returning(name))),
    "answered, of a delete": lambda name: delete(answer=returning(name)),
    "answered, of a delete by key": lambda name: delete(where=is_x("id"), answer=OneRow(shown(name))),
    "answered, second": lambda name: delete(
        answer=Response((ShowReturning("a", shown("id")), ShowReturning("b", shown(name))))
    ),
}


@pytest.mark.parametrize("position", READ)
def test_a_readable_column_may_stand_there(position: str) -> None:
    allowed(READ[position]("title"), role("clerk"))


@pytest.mark.parametrize("position", READ)
@pytest.mark.parametrize("name", ["draft", "hidden", "absent"])
def test_a_column_that_the_role_cannot_read_is_refused(position: str, name: str) -> None:
    assert refused(READ[position](name), role("clerk")) == f"field '{name}' not found"


LINKED: dict[str, Callable[[Select], Write]] = {
    "of an insert": lambda node: insert("title", answer=Response((ShowReturning("r", (owner_of(node),)),))),
    "of an update": lambda node: update("title", answer=Response((ShowReturning("r", (owner_of(node),)),))),
    "of a delete": lambda node: delete(where=is_x("id"), answer=OneRow((owner_of(node),))),
}


def owner_of(node: Select) -> ShowLink:
    return ShowLink("owner", NOTE_OWNER, node)


@pytest.mark.parametrize("position", LINKED)
def test_a_related_rows_hidden_column_is_refused(position: str) -> None:
    allowed(LINKED[position](Select(OWNER, shown("name"), single=True)), role("clerk"))
    assert refused(LINKED[position](Select(OWNER, shown("salary"), single=True)), role("clerk"))


# ---------------------------------------------------------------- what a role may not do at all

FORMS: dict[TableWrite, Insert | Update | UpdateMany | Delete] = {
    "insert": insert("title"),
    "insert_one": insert("title", answer=OneRow(shown("id"))),
    "update": update("title"),
    "update_by_pk": update_by_key("title"),
    "update_many": update_many(update("title")),
    "delete": delete(),
    "delete_by_pk": delete(where=is_x("id"), answer=OneRow(shown("id"))),
}


def test_every_form_is_here() -> None:
    """Calls of functions stand in test_gate_denies_calls."""
    assert set(FORMS) == set(get_args(TableWrite))
    assert get_args(WriteAccess) == (TableWrite, Literal["invoke"])
    assert all(access_of(node) == access for access, node in FORMS.items())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["user", "stranger"])
def test_a_role_without_the_rule_is_refused(form: TableWrite, name: str) -> None:
    allowed(FORMS[form], role("clerk"))
    allowed(FORMS[form], role("admin"))
    assert refused(FORMS[form], role(name)) == "field 'note' not found"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("said", [*FORMS, "invoke"])
def test_a_plan_is_not_believed_about_its_own_right(form: TableWrite, said: WriteAccess) -> None:
    if said == form:
        return
    with pytest.raises(Rejected):
        permit_writes(write_plan(FORMS[form], said), role("admin"))


@pytest.mark.parametrize("form", ["insert_one", "update", "update_by_pk", "update_many", "delete", "delete_by_pk"])
def test_what_reads_needs_the_select_rule_as_well(form: TableWrite) -> None:
    """The robot may update and delete every secret, and cannot tell which."""
    node = FORMS[form]
    aimed: Write = replace(node, relation=SECRET)
    if form == "update_many":
        aimed = update_many(update("word", relation=SECRET), relation=SECRET)
    assert refused(aimed, role("robot"))


def test_a_role_that_reads_nothing_may_insert_and_count() -> None:
    allowed(insert("title"), role("robot"))
    assert refused(insert("title", answer=returning("title")), role("robot"))
    assert refused(insert("title", answer=Response((ShowReturning("r", ()),))), role("robot"))


def test_an_update_needs_something_to_change() -> None:
    bare = update()
    allowed(bare, role("clerk"))  # its rule presets `done`
    assert refused(bare, role("admin")).startswith("expected at least one of _set")
    assert refused(update_many(update("title"), bare), role("admin")).startswith("expected at least one of _set")


def test_one_bad_root_spoils_all() -> None:
    roots = (WriteRoot("good", insert("title"), "insert"), WriteRoot("bad", update("hidden"), "update"))
    with pytest.raises(Rejected):
        permit_writes(WritePlan(roots), role("clerk"))


# ---------------------------------------------------------------- conflicts

OWNER_KEY = ConflictTarget("owner_pkey", ("id",), (None,))
TARGETS = {
    "another's": OWNER_KEY,
    "other columns": ConflictTarget("note_pkey", ("hidden",), (None,)),
    "an expression": ConflictTarget("note_pkey", (None,), ("(select 1)",)),
    "a predicate": ConflictTarget("note_pkey", ("id",), (None,), "hidden"),
    "no columns": ConflictTarget("note_pkey", (), ()),
}


@pytest.mark.parametrize("forged", TARGETS)
def test_a_key_that_is_not_the_roles_is_refused(forged: str) -> None:
    for updated in ((), ("title",)):
        allowed(insert("title", on_conflict=conflict(*updated)), role("clerk"))
        assert refused(insert("title", on_conflict=conflict(*updated, target=TARGETS[forged])), role("clerk"))


def test_a_role_that_knows_no_column_of_a_key_cannot_name_it() -> None:
    assert refused(insert("title", on_conflict=conflict()), role("robot")) == "field 'note_pkey' not found"


def test_an_upsert_needs_the_update_rule() -> None:
    entity = role("clerk").entities[NOTE]
    clerk = role("clerk")
    without = replace(clerk, entities={**clerk.entities, NOTE: replace(entity, update=None)})
    allowed(insert("title", on_conflict=conflict()), without)
    assert refused(insert("title", on_conflict=conflict("title")), without) == "field 'title' not found"


def test_an_existing_row_is_given_back_to_those_who_may_select() -> None:
    robot = role("robot")
    entity = replace(robot.entities[NOTE], conflict_targets=(NOTE_KEY,))
    knowing = replace(robot, entities={**robot.entities, NOTE: entity})
    allowed(insert("title", on_conflict=conflict()), knowing)
    assert refused(insert("title", on_conflict=conflict(return_existing=True)), knowing)


# ---------------------------------------------------------------- related rows

JOINS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("draft", "name"),),
    (("title", "salary"),),
    (("id", "id"),),
    (("owner_id", "id"), ("title", "name")),
    (("id", "owner_id"),),
)
RELATED: dict[str, Callable[[tuple[tuple[str, str], ...]], Write]] = {
    "inserted before": lambda on: insert("title", before=[owner_before("name", on=on)]),
    "inserted after": lambda on: insert("title", after=[owner_before("name", on=on)]),
    "created for our key": lambda on: update_by_key(
        own_keys=[OwnKey("owner", on, insert("name", relation=OWNER, answer=None), "$")]
    ),
    "looked up for our key": lambda on: update_by_key(
        own_keys=[OwnKey("owner", on, Lookup(OWNER, is_x("id"), "$"), "$")]
    ),
    "created below": lambda on: update_by_key(
        "title", related=[RelatedWrite("owner", on, insert("name", relation=OWNER, answer=None), "create", "$")]
    ),
}


@pytest.mark.parametrize("position", RELATED)
@pytest.mark.parametrize("on", JOINS)
def test_a_join_that_is_no_relationship_is_refused(position: str, on: tuple[tuple[str, str], ...]) -> None:
    allowed(RELATED[position](NOTE_OWNER), role("clerk"))
    assert refused(RELATED[position](on), role("clerk"))


NOTE_SECRETS = (("id", "note_id"),)


@pytest.mark.parametrize(
    "node",
    [
        insert("title", after=[owner_before("word", on=NOTE_SECRETS, relation=SECRET)]),
        insert("title", before=[owner_before("word", on=NOTE_SECRETS, relation=SECRET)]),
        insert("name", relation=OWNER, after=[notes_after("title", relation=SECRET)]),
        update_by_key(related=[RelatedWrite("s", NOTE_SECRETS, insert("word", relation=SECRET), "create", "$")]),
        update_by_key(related=[RelatedWrite("s", NOTE_SECRETS, update("word", relation=SECRET), "related", "$")]),
        update_by_key(related=[RelatedWrite("s", NOTE_SECRETS, delete(relation=SECRET), "related", "$")]),
        update_by_key(own_keys=[OwnKey("s", (("owner_id", "id"),), Lookup(SECRET, TRUE, "$"), "$")]),
    ],
)
def test_a_table_out_of_reach_is_refused_below_another(node: Write) -> None:
    assert refused(node, role("clerk"))


@pytest.mark.parametrize("where", [TRUE, is_x("id"), is_x("name")])
@pytest.mark.parametrize("reach", ["related", "was_related", "connect"])
def test_a_table_that_may_only_be_inserted_into_is_not_changed_from_below(
    where: Pred, reach: Literal["related", "was_related", "connect"]
) -> None:
    for node in (update("name", relation=OWNER, where=where), delete(relation=OWNER, where=where)):
        write = RelatedWrite("owner", NOTE_OWNER, node, reach, "$")
        assert refused(update_by_key("title", related=[write]), role("clerk"))


def test_related_rows_are_written_by_key_alone() -> None:
    key = OwnKey("owner", NOTE_OWNER, None, "$")
    allowed(update_by_key(own_keys=[key]), role("clerk"))
    assert refused(update(where=is_x("id"), own_keys=[key]), role("clerk"))
    assert refused(update_many(update("title", own_keys=[key])), role("clerk"))


def test_a_row_to_refer_to_is_looked_up_by_what_the_role_can_read() -> None:
    def looked_up(name: str) -> Write:
        return update_by_key(own_keys=[OwnKey("owner", NOTE_OWNER, Lookup(OWNER, is_x(name), "$"), "$")])

    allowed(looked_up("name"), role("clerk"))
    assert refused(looked_up("salary"), role("clerk")) == "field 'salary' not found"


def test_key_columns_need_permission_where_the_row_may_have_been_there() -> None:
    clerk = role("clerk")
    rule = clerk.entities[NOTE].insert
    assert rule is not None
    narrow = replace(clerk.entities[NOTE], insert=replace(rule, columns=rule.columns - {"owner_id"}))
    without = replace(clerk, entities={**clerk.entities, NOTE: narrow})
    made = owner_before("name")
    found = replace(made, insert=replace(made.insert, on_conflict=conflict(target=OWNER_KEY, return_existing=True)))
    allowed(insert("title", before=[made]), without)
    allowed(insert("title", before=[found]), clerk)
    assert refused(insert("title", before=[found]), without) == "field 'owner_id' not found"
    # A preset decides for the caller.
    settled = replace(rule, columns=rule.columns - {"owner_id"}, presets=(PresetValue("owner_id", None, "7"),))
    preset = replace(clerk, entities={**clerk.entities, NOTE: replace(narrow, insert=settled)})
    allowed(insert("title", before=[found]), preset)
