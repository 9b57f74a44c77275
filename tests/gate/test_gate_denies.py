"""Every kind of node, in every position, asked for by a role that may not: always Rejected, and nothing else.

The plans are made by hand, as a careless or hostile dialect might make them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gate_kit import BOOL, INT, NOTE, OWNER, SECRET, column, is_x, literal, pg, plan, role, with_access

from gql_gen.errors import Rejected
from gql_gen.gate.permit import permit
from gql_gen.gate.types import Permitted
from gql_gen.model.predicates import (
    TRUE,
    AggregateTest,
    All,
    AnyOf,
    CastRef,
    ColumnRef,
    Compare,
    Exists,
    IsNull,
    Not,
    Pred,
)
from gql_gen.plan.nodes import (
    Access,
    Aggregate,
    AggregateShow,
    Hop,
    Node,
    Plan,
    Root,
    Select,
    Show,
    ShowAggregate,
    ShowColumn,
    ShowGroup,
    ShowLink,
    ShowNodes,
    ShowText,
    SortKey,
)
from gql_gen.rules.types import QueryRoot

NOTE_OWNER = (("owner_id", "id"),)
OWNER_NOTES = (("id", "owner_id"),)
NOTE_SECRETS = (("id", "note_id"),)
COUNT = ShowGroup("aggregate", (ShowAggregate("count", "count", ()),))
MORE_THAN_ONE = Compare(ColumnRef("", pg("int8")), "_gt", literal("1", INT))


def show_column(name: str) -> ShowColumn:
    return ShowColumn("it", column(name))


def list_of(*shows: Show, where: Pred = TRUE, **more: object) -> Select:
    return Select(NOTE, shows or (show_column("id"),), where, **more)  # type: ignore[arg-type]


def aggregate_of(*shows: AggregateShow, where: Pred = TRUE, **more: object) -> Aggregate:
    return Aggregate(NOTE, shows or (COUNT,), where, **more)  # type: ignore[arg-type]


def owner_of(*shows: Show, where: Pred = TRUE) -> ShowLink:
    return ShowLink("owner", NOTE_OWNER, Select(OWNER, shows or (show_column("id"),), where, single=True))


def count_test(
    *, where: Pred = TRUE, arguments: tuple[str, ...] = (), tests: tuple[Compare | IsNull, ...] = (MORE_THAN_ONE,)
) -> AggregateTest:
    return AggregateTest(NOTE, OWNER_NOTES, "count", arguments, False, where, tests)


# ---------------------------------------------------------------- where a hidden column can stand

PREDICATES: dict[str, Callable[[str], Pred]] = {
    "compared": is_x,
    "compared on the right": lambda name: Compare(column("title"), "_eq", column(name)),
    "cast": lambda name: Compare(CastRef(column(name), pg("text")), "_like", literal("%")),
    "tested for null": lambda name: IsNull(column(name), negated=False),
    "below and": lambda name: All((is_x("title"), is_x(name))),
    "below or": lambda name: AnyOf((is_x("title"), is_x(name))),
    "below not": lambda name: Not(is_x(name)),
    "seen from a related row": lambda name: Exists(OWNER, NOTE_OWNER, is_x(name, depth=1)),
    "beyond two relationships": lambda name: Exists(OWNER, NOTE_OWNER, Exists(NOTE, OWNER_NOTES, is_x(name))),
    "filtered in an aggregate": lambda name: Exists(OWNER, NOTE_OWNER, count_test(where=is_x(name))),
    "counted in an aggregate": lambda name: Exists(OWNER, NOTE_OWNER, count_test(arguments=(name,))),
    "compared with an aggregate": lambda name: Exists(
        OWNER, NOTE_OWNER, count_test(tests=(Compare(column("", type=INT), "_gt", column(name)),))
    ),
    "of an outer row compared with an aggregate": lambda name: Exists(
        OWNER, NOTE_OWNER, count_test(tests=(Compare(column("", type=INT), "_gt", column(name, depth=2)),))
    ),
}
NODES: dict[str, Callable[[str], Node]] = {
    "shown": lambda name: list_of(show_column(name)),
    "shown beside a readable one": lambda name: list_of(show_column("id"), show_column(name)),
    "shown through a path": lambda name: list_of(ShowColumn("it", column(name), json_path=literal("{a}"))),
    "shown as text": lambda name: list_of(ShowColumn("it", column(name), as_text=True)),
    "shown by key": lambda name: list_of(show_column(name), where=is_x("id"), single=True),
    "sorted by": lambda name: list_of(order=(SortKey("asc", None, column(name)),)),
    "sorted by, second": lambda name: list_of(
        order=(SortKey("asc", None, column("id")), SortKey("asc", "first", column(name)))
    ),
    "sorted by, back from a related row": lambda name: list_of(
        order=(SortKey("asc", None, column(name), (Hop(OWNER, NOTE_OWNER), Hop(NOTE, OWNER_NOTES)), "max"),)
    ),
    "made distinct": lambda name: list_of(distinct=(column("id"), column(name))),
    "counted": lambda name: aggregate_of(ShowGroup("a", (ShowAggregate("n", "count", (column(name),)),))),
    "counted with another": lambda name: aggregate_of(
        ShowGroup("a", (ShowAggregate("n", "count", (column("id"), column(name)), distinct=True),))
    ),
    "summed": lambda name: aggregate_of(
        ShowGroup("a", (ShowGroup("sum", (ShowAggregate("n", "sum", (column(name),)),)),))
    ),
    "shown among nodes": lambda name: aggregate_of(ShowNodes("nodes", (show_column(name),))),
    "shown below nodes": lambda name: aggregate_of(
        ShowNodes("nodes", (owner_of(ShowLink("notes", OWNER_NOTES, list_of(show_column(name)))),))
    ),
    "sorted by in an aggregate": lambda name: aggregate_of(order=(SortKey("asc", None, column(name)),)),
    "made distinct in an aggregate": lambda name: aggregate_of(distinct=(column(name),)),
    "shown two levels down": lambda name: list_of(owner_of(ShowLink("notes", OWNER_NOTES, list_of(show_column(name))))),
    "summed two levels down": lambda name: list_of(
        owner_of(
            ShowLink(
                "notes",
                OWNER_NOTES,
                aggregate_of(ShowGroup("a", (ShowAggregate("n", "count", (column(name),)),))),
            )
        )
    ),
}
for described, make in PREDICATES.items():
    NODES[f"{described}, filtering a list"] = lambda name, make=make: list_of(where=make(name))  # type: ignore[misc]
    NODES[f"{described}, filtering by key"] = lambda name, make=make: list_of(where=make(name), single=True)  # type: ignore[misc]
    NODES[f"{described}, filtering an aggregate"] = lambda name, make=make: aggregate_of(where=make(name))  # type: ignore[misc]
    NODES[f"{described}, filtering two levels down"] = lambda name, make=make: list_of(  # type: ignore[misc]
        owner_of(ShowLink("notes", OWNER_NOTES, list_of(where=make(name))))
    )


def root_of(node: Node) -> Plan:
    access: Access = "select_aggregate" if isinstance(node, Aggregate) else "select"
    return plan(node, "select_by_pk" if isinstance(node, Select) and node.single else access)


@pytest.mark.parametrize("position", NODES)
def test_a_readable_column_may_stand_there(position: str) -> None:
    """Else the refusals below would prove nothing."""
    assert isinstance(permit(root_of(NODES[position]("title")), role("user")), Permitted)


@pytest.mark.parametrize("position", NODES)
@pytest.mark.parametrize("name", ["draft", "absent", "", "salary"])
def test_a_column_that_the_role_cannot_read_is_refused(position: str, name: str) -> None:
    with pytest.raises(Rejected) as refused:
        permit(root_of(NODES[position](name)), role("user"))
    assert refused.value.message == f"field '{name}' not found"


OWNER_COLUMNS: dict[str, Callable[[str], Node]] = {
    "shown": lambda name: list_of(owner_of(show_column(name))),
    "filtered": lambda name: list_of(owner_of(where=is_x(name))),
    "tested": lambda name: list_of(where=Exists(OWNER, NOTE_OWNER, is_x(name))),
    "sorted by": lambda name: list_of(order=(SortKey("asc", None, column(name), (Hop(OWNER, NOTE_OWNER),)),)),
}


@pytest.mark.parametrize("position", OWNER_COLUMNS)
def test_a_related_rows_hidden_column_is_refused(position: str) -> None:
    permit(root_of(OWNER_COLUMNS[position]("name")), role("user"))
    with pytest.raises(Rejected):
        permit(root_of(OWNER_COLUMNS[position]("salary")), role("user"))


@pytest.mark.parametrize("depth", [1, 2, -1, 10_000])
@pytest.mark.parametrize(
    "position", [place for place in PREDICATES if place.startswith(("compared", "tested", "cast"))]
)
def test_a_row_that_is_not_in_sight_is_refused(position: str, depth: int) -> None:
    reference = ColumnRef("title", pg("text"), depth)
    for pred in (
        Compare(reference, "_eq", literal("x")),
        Compare(column("id"), "_eq", reference),
        IsNull(CastRef(reference, pg("text")), negated=True),
    ):
        with pytest.raises(Rejected):
            permit(root_of(list_of(where=pred)), role("user"))


# ---------------------------------------------------------------- relations out of reach

UNREACHABLE: dict[str, Node] = {
    "as a root": Select(SECRET, (show_column("id"),)),
    "as a root by key": Select(SECRET, (show_column("id"),), is_x("id"), single=True),
    "as an aggregate root": Aggregate(SECRET, (COUNT,)),
    "as a root of which only the type is asked": Select(SECRET, (ShowText("t", "secret"),)),
    "below a row": list_of(ShowLink("s", NOTE_SECRETS, Select(SECRET, (show_column("id"),)))),
    "below a row, as an aggregate": list_of(ShowLink("s", NOTE_SECRETS, Aggregate(SECRET, (COUNT,)))),
    "below nodes": aggregate_of(
        ShowNodes("nodes", (ShowLink("s", NOTE_SECRETS, Select(SECRET, (show_column("id"),))),))
    ),
    "in a filter": list_of(where=Exists(SECRET, NOTE_SECRETS, TRUE)),
    "in a filter without a relationship": list_of(where=Exists(SECRET, (), TRUE)),
    "in a negated filter": list_of(where=Not(Exists(SECRET, NOTE_SECRETS, TRUE))),
    "in an aggregate's filter": aggregate_of(where=Exists(SECRET, NOTE_SECRETS, TRUE)),
    "in an aggregate test": list_of(
        where=AggregateTest(SECRET, NOTE_SECRETS, "count", (), False, TRUE, (MORE_THAN_ONE,))
    ),
    "in an order": list_of(order=(SortKey("asc", None, column("id"), (Hop(SECRET, NOTE_SECRETS),)),)),
    "in an order, counted": list_of(order=(SortKey("asc", None, None, (Hop(SECRET, NOTE_SECRETS),), "count"),)),
    "on the way of an order": list_of(
        order=(SortKey("asc", None, column("id"), (Hop(SECRET, NOTE_SECRETS), Hop(NOTE, (("note_id", "id"),)))),)
    ),
    "in an aggregate's order": aggregate_of(order=(SortKey("asc", None, column("id"), (Hop(SECRET, NOTE_SECRETS),)),)),
}


@pytest.mark.parametrize("position", UNREACHABLE)
def test_a_table_that_the_role_cannot_select_is_refused(position: str) -> None:
    with pytest.raises(Rejected):
        permit(root_of(UNREACHABLE[position]), role("user"))
    # The admin may, so it is the right and not the plan that is wanting.
    if "without a relationship" not in position:
        permit(root_of(UNREACHABLE[position]), role("admin"))


@pytest.mark.parametrize("position", UNREACHABLE)
def test_a_role_without_rules_reaches_nothing(position: str) -> None:
    with pytest.raises(Rejected):
        permit(root_of(UNREACHABLE[position]), role("stranger"))


# ---------------------------------------------------------------- joins that no relationship makes

JOINS: dict[str, Callable[[tuple[tuple[str, str], ...]], Node]] = {
    "shown": lambda on: list_of(ShowLink("it", on, Select(OWNER, (show_column("id"),), single=True))),
    "shown below nodes": lambda on: aggregate_of(
        ShowNodes("nodes", (ShowLink("it", on, Select(OWNER, (show_column("id"),), single=True)),))
    ),
    "tested": lambda on: list_of(where=Exists(OWNER, on, TRUE)),
    "sorted by": lambda on: list_of(order=(SortKey("asc", None, column("name"), (Hop(OWNER, on),)),)),
}


@pytest.mark.parametrize("position", JOINS)
@pytest.mark.parametrize(
    "on",
    [
        (),
        (("draft", "name"),),
        (("title", "salary"),),
        (("id", "id"),),
        (("owner_id", "id"), ("title", "name")),
        (("id", "owner_id"),),
    ],
)
def test_a_join_that_is_no_relationship_is_refused(position: str, on: tuple[tuple[str, str], ...]) -> None:
    permit(root_of(JOINS[position](NOTE_OWNER)), role("user"))
    with pytest.raises(Rejected):
        permit(root_of(JOINS[position](on)), role("user"))


# ---------------------------------------------------------------- aggregates that are not allowed

OWNER_COUNT = Aggregate(OWNER, (COUNT,))
NOT_COUNTED: dict[str, Node] = {
    "as a root": OWNER_COUNT,
    "as a root of nodes": Aggregate(OWNER, (ShowNodes("nodes", (show_column("id"),)),)),
    "as a root of nothing": Aggregate(OWNER, ()),
    "below a row": list_of(ShowLink("owners", NOTE_OWNER, OWNER_COUNT)),
    "below nodes": aggregate_of(ShowNodes("nodes", (ShowLink("owners", NOTE_OWNER, OWNER_COUNT),))),
    "in a filter": list_of(where=AggregateTest(OWNER, NOTE_OWNER, "count", (), False, TRUE, (MORE_THAN_ONE,))),
    "in a filter, without a test": list_of(where=AggregateTest(OWNER, NOTE_OWNER, "count", (), False, TRUE, ())),
    "in an order, counted": list_of(order=(SortKey("asc", None, None, (Hop(OWNER, NOTE_OWNER),), "count"),)),
    "in an order": list_of(order=(SortKey("asc", None, column("name"), (Hop(OWNER, NOTE_OWNER),), "max"),)),
}


@pytest.mark.parametrize("position", NOT_COUNTED)
def test_an_aggregate_that_is_not_allowed_is_refused(position: str) -> None:
    with pytest.raises(Rejected):
        permit(root_of(NOT_COUNTED[position]), role("user"))
    permit(root_of(NOT_COUNTED[position]), role("admin"))


# ---------------------------------------------------------------- roots

ROOTS: dict[QueryRoot, Node] = {
    "select": list_of(),
    "select_by_pk": list_of(where=is_x("id"), single=True),
    "select_aggregate": aggregate_of(),
}


@pytest.mark.parametrize("wanted", ROOTS)
@pytest.mark.parametrize("allowed", ROOTS)
def test_a_root_needs_its_own_right(wanted: QueryRoot, allowed: QueryRoot) -> None:
    user = with_access(role("user"), NOTE, allowed)
    if wanted == allowed:
        permit(plan(ROOTS[wanted], wanted), user)
        return
    with pytest.raises(Rejected):
        permit(plan(ROOTS[wanted], wanted), user)


@pytest.mark.parametrize("said", ROOTS)
@pytest.mark.parametrize("real", ROOTS)
def test_a_plan_is_not_believed_about_its_own_right(said: QueryRoot, real: QueryRoot) -> None:
    """A list that calls itself a row by key is a list."""
    if said == real:
        return
    for user in (with_access(role("user"), NOTE, said), role("user")):
        with pytest.raises(Rejected):
            permit(plan(ROOTS[real], said), user)


def test_one_bad_root_spoils_all() -> None:
    roots = (Root("good", list_of()), Root("bad", list_of(show_column("draft"))))
    with pytest.raises(Rejected):
        permit(Plan("read", roots), role("user"))


def test_no_root_field_is_needed_below_a_relationship() -> None:
    user = with_access(role("user"), OWNER)
    permit(plan(list_of(owner_of())), user)


def test_a_boolean_aggregate_needs_its_column() -> None:
    def all_of(name: str) -> Node:
        test = AggregateTest(NOTE, OWNER_NOTES, "bool_and", (name,), False, TRUE, ())
        return list_of(where=Exists(OWNER, NOTE_OWNER, All((test, Compare(column("id"), "_eq", literal("1", BOOL))))))

    permit(root_of(all_of("done")), role("user"))
    with pytest.raises(Rejected):
        permit(root_of(all_of("hidden")), role("user"))
