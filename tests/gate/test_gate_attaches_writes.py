"""What the gate adds to writes: the role's filters, checks and presets, whatever a dialect says about them."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import pytest
from gate_kit import NOTE, OWNER, is_x, literal, role, write_plan
from gate_write_kit import (
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
from test_gate_attaches import parts, without_gate

from gql_gen.gate.permit import permit_writes
from gql_gen.model.predicates import FALSE, TRUE, both
from gql_gen.model.types import PresetValue, RoleModel
from gql_gen.plan import writes
from gql_gen.plan.nodes import Select, ShowLink
from gql_gen.plan.writes import (
    Check,
    Delete,
    Insert,
    Lookup,
    OnConflict,
    OneRow,
    OwnKey,
    RelatedWrite,
    Response,
    ShowReturning,
    Update,
    Write,
    WritePlan,
    WriteRoot,
)

OWNER_SHOWN = ShowLink("owner", NOTE_OWNER, Select(OWNER, shown("name"), single=True))
FORGED = Check(TRUE, "forged", "nowhere", "never", "$")
FORGED_PRESET = PresetValue("hidden", literal("true"), None)


def everything() -> WritePlan:
    """Each kind of write, with each kind of part."""
    answer = Response((ShowReturning("returning", (*shown("id"), OWNER_SHOWN)),))
    upsert = insert("title", on_conflict=conflict("title", where=is_x("id")), answer=answer)
    along = insert("title", before=[owner_before("name")], answer=OneRow(shown("id")))
    below = insert("name", relation=OWNER, after=[notes_after("title")])
    looked_up = OwnKey("owner", NOTE_OWNER, Lookup(OWNER, is_x("name"), "$"), "$")
    made = OwnKey("owner", NOTE_OWNER, insert("name", relation=OWNER, answer=None), "$")
    nodes: tuple[Write, ...] = (
        *(upsert, along, below),
        insert("title", on_conflict=conflict(return_existing=True), answer=returning("id")),
        update("draft", where=is_x("title"), answer=answer),
        update_by_key("title", own_keys=[looked_up]),
        update_by_key(own_keys=[made]),
        update_many(update("title"), update("draft", where=is_x("id"))),
        *(delete(where=is_x("id"), answer=answer), delete()),
    )
    return WritePlan(tuple(WriteRoot(f"n{at}", node, access_of(node)) for at, node in enumerate(nodes)))


def permitted(name: str) -> tuple[RoleModel, list[Any]]:
    found = role(name)
    return found, list(parts(permit_writes(everything(), found).plan))


@pytest.mark.parametrize("name", ["clerk", "admin"])
def test_every_insert_carries_the_roles_check_and_presets(name: str) -> None:
    found, walked = permitted(name)
    inserts = [part for part in walked if isinstance(part, Insert)]
    assert {part.relation for part in inserts} == {NOTE, OWNER}
    for part in inserts:
        rule = found.entities[part.relation].insert
        assert rule is not None
        assert part.check is not None
        assert (part.check.pred, part.check.message, part.presets) == (rule.check, rule.message, rule.presets)
        assert part.visible == found.entities[part.relation].rule


@pytest.mark.parametrize("name", ["clerk", "admin"])
def test_every_update_carries_the_roles_filter_check_and_presets(name: str) -> None:
    found, walked = permitted(name)
    updates = [part for part in walked if isinstance(part, Update)]
    rule = found.entities[NOTE].update
    assert rule is not None
    assert len(updates) == 5
    for part in updates:
        assert part.check is not None
        assert (part.check.pred, part.check.message, part.check.recheck) == (rule.check, rule.message, rule.recheck)
        assert part.presets == rule.presets
        # What picks rows reads them: only those that the role may select.
        picks = part.where != TRUE and name == "clerk"
        assert part.rule == (both(rule.filter, found.entities[NOTE].rule) if picks else rule.filter)


@pytest.mark.parametrize("name", ["clerk", "admin"])
def test_every_conflict_that_updates_carries_the_update_rule(name: str) -> None:
    found, walked = permitted(name)
    updating, leaving = [part for part in walked if isinstance(part, OnConflict)]
    rule = found.entities[NOTE].update
    assert rule is not None
    assert updating.check is not None
    assert (updating.check.pred, updating.presets) == (rule.check, rule.presets)
    assert updating.rule == (both(rule.filter, found.entities[NOTE].rule) if name == "clerk" else TRUE)
    assert (leaving.rule, leaving.check, leaving.presets) == (None, None, ())


@pytest.mark.parametrize("name", ["clerk", "admin"])
def test_every_delete_carries_the_roles_filter(name: str) -> None:
    found, walked = permitted(name)
    picked, every = [part for part in walked if isinstance(part, Delete)]
    rule = found.entities[NOTE].delete
    assert rule is not None
    assert every.rule == rule.filter
    assert picked.rule == (both(rule.filter, found.entities[NOTE].rule) if name == "clerk" else TRUE)


@pytest.mark.parametrize("name", ["clerk", "admin"])
def test_every_answer_shows_what_the_role_may_select(name: str) -> None:
    found, walked = permitted(name)
    answers = [part for part in walked if isinstance(part, Response | OneRow)]
    assert len(answers) == 11
    assert {answer.rule for answer in answers} == {found.entities[NOTE].rule, found.entities[OWNER].rule}
    links = [part for part in walked if isinstance(part, Select | Lookup)]
    assert {link.rule for link in links} == {found.entities[OWNER].rule}
    assert len(links) == 4


def test_a_role_that_may_not_select_is_shown_nothing() -> None:
    root = permit_writes(write_plan(insert("title"), "insert"), role("robot")).plan.roots[0]
    assert isinstance(root.node, Insert)
    assert (root.node.answer, root.node.visible) == (replace(insert("title").answer, rule=FALSE), FALSE)  # type: ignore[type-var]


def test_nothing_else_of_the_plan_is_changed() -> None:
    asked = everything()
    for name in ("clerk", "admin"):
        assert _without_gate(permit_writes(asked, role(name)).plan) == asked


@pytest.mark.parametrize("name", ["clerk", "admin"])
def test_a_dialect_cannot_bring_its_own_rules(name: str) -> None:
    """A plan in which all that is the gate's is forged comes out as the honest one does."""
    honest, user = everything(), role(name)
    forged = _forged(honest)
    assert forged != honest
    assert permit_writes(forged, user).plan == permit_writes(honest, user).plan


def test_related_writes_of_an_update_carry_their_own_tables_rules() -> None:
    clerk = role("clerk")
    below = RelatedWrite("owner", NOTE_OWNER, insert("name", relation=OWNER, answer=None), "create", "$")
    root = permit_writes(write_plan(update_by_key("title", related=[below]), "update_by_pk"), clerk).plan.roots[0]
    assert isinstance(root.node, Update)
    (found,) = root.node.related
    rule = clerk.entities[OWNER].insert
    assert isinstance(found.node, Insert)
    assert rule is not None
    assert found.node.check is not None
    assert (found.node.check.pred, found.node.presets) == (rule.check, rule.presets)


def test_every_field_marked_for_the_gate_is_known_to_these_tests() -> None:
    """A node that gets a rule, a check or presets must be walked above."""
    ours = {"rule", "check", "presets", "visible"}
    kinds = [kind for kind in vars(writes).values() if dataclasses.is_dataclass(kind)]
    marked = {kind.__name__ for kind in kinds if ours & {field.name for field in dataclasses.fields(kind)}}  # type: ignore[union-attr]
    here = {"Insert", "OnConflict", "Update", "Delete", "Response", "OneRow", "Lookup"}
    assert marked - here <= {"Select", "Aggregate", "Hop"}
    assert here <= marked


# ---------------------------------------------------------------- plans with other marks of the gate

_MARKS: dict[str, tuple[Any, Any]] = {
    "rule": (None, TRUE),
    "check": (None, FORGED),
    "presets": ((), (FORGED_PRESET,)),
    "visible": (None, TRUE),
}


def _without_gate(value: Any) -> Any:
    return _marked(without_gate(value), 0)


def _forged(value: Any) -> Any:
    return _marked(value, 1)


def _marked(value: Any, which: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_marked(item, which) for item in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    names = [field.name for field in dataclasses.fields(value)]
    is_ours = not isinstance(value, OnConflict) or bool(value.update)
    kept = {name: _marked(getattr(value, name), which) for name in names if name not in _MARKS}
    marks = {name: _MARKS[name][which] for name in names if name in _MARKS and is_ours}
    return replace(value, **(kept | marks))
