"""Rules' expressions resolved: every name looked up, every value checked, nothing served in part."""

from __future__ import annotations

import pytest
from builders import catalog, entity, enum, ident, pg, rules, sound, table

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import (
    FALSE,
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
    Slot,
    ValueType,
)
from gql_gen.model.resolve import resolve
from gql_gen.rules.types import Fault

MEMBER = table(
    "member",
    "id int4!, org_id uuid!, user_id uuid!, role text, joined date, left_on date, tags _text, data jsonb, raw json,"
    " path ext.ltree, mood public.mood, color text, active bool, score numeric, secret text",
    foreign={"org_id": "org.id", "color": "colors.value"},
)
ORG = table("org", "id uuid!, name text!, founded date, owner_id uuid")
COLORS = table("colors", "value text!", key=["value"])
OUTSIDE = table("outside", "id int4!, user_id uuid")
DB = catalog(MEMBER, ORG, COLORS, OUTSIDE, types=[enum("mood", "sad", "happy")])
ENUMS = {"colors": [("red", None), ("blue", None)]}

USER = Slot("session", ("x-hasura-user-id",), ValueType(pg("uuid"), "uuid"))


def outcome(filter: str, table_name: str = "member", naming: str = "hasura") -> tuple[Pred | None, tuple[Fault, ...]]:
    """The filter of a role's select rule on a table, resolved."""
    told = rules(
        f"naming: {naming}\n"
        "roles: {user: {}}\n"
        "rules: { mine: { user_id: X-Hasura-User-Id } }\n"
        "tables:\n"
        "  colors: { is_enum: true }\n"
        f"  member: {{ hide: [secret]{permission(filter) if table_name == 'member' else ''} }}\n"
        f"  org: {{ infer_relationships: true{permission(filter) if table_name == 'org' else ''} }}\n"
    )
    built = sound(DB, told, ENUMS)
    own = ident(table_name)
    select = told.tables[own].permissions["user"].select[0]
    assert select is not None
    assert entity(built, table_name)
    return resolve(select.filter, own, built, told.named)


def permission(filter: str) -> str:
    return f", permissions: {{ user: {{ select: {{ columns: '*', filter: {filter} }} }} }}"


def pred(filter: str, table_name: str = "member") -> Pred:
    found, faults = outcome(filter, table_name)
    assert not faults, faults
    assert found is not None
    return found


def fault(filter: str, table_name: str = "member") -> str:
    """The only fault of a filter, after which there is no predicate."""
    found, faults = outcome(filter, table_name)
    assert found is None
    assert len(faults) == 1, faults
    return str(faults[0])


def literal(type: str, text: str, graphql: str) -> Slot:
    return Slot("literal", (), ValueType(pg(type), graphql), text)


def ref(column: str, type: str, depth: int = 0) -> ColumnRef:
    return ColumnRef(column, pg(type), depth)


# ---------------------------------------------------------------- connectives


def test_connectives() -> None:
    left, right = IsNull(ref("role", "text"), negated=False), IsNull(ref("active", "bool"), negated=True)
    null, there = "{role: {_is_null: true}}", "{active: {_is_null: false}}"
    assert pred("{}") == TRUE
    assert pred("{_and: []}") == TRUE
    assert pred("{_or: []}") == FALSE
    assert pred(f"{{_and: [{null}, {there}]}}") == All((left, right))
    assert pred("{role: {_is_null: true}, active: {_is_null: false}}") == All((left, right))
    assert pred(f"{{_or: [{null}, {there}]}}") == AnyOf((left, right))
    assert pred(f"{{_not: {null}}}") == Not(left)


def test_a_named_rule_is_resolved_where_it_is_used() -> None:
    assert pred("mine") == Compare(ref("user_id", "uuid"), "_eq", USER)
    assert "public.org has no column" in fault("mine", "org")


def test_a_relationship_and_exists() -> None:
    member = Compare(ref("user_id", "uuid"), "_eq", USER)
    assert pred("{members: {user_id: X-Hasura-User-Id}}", "org") == Exists(ident("member"), (("id", "org_id"),), member)
    assert pred("{_exists: {_table: outside, _where: {user_id: {_eq: x-HASURA-user-id}}}}") == Exists(
        ident("outside"), (), member
    )


def test_an_empty_expression_about_a_relationship_asks_for_a_row() -> None:
    assert pred("{org: {}}") == Exists(ident("org"), (("org_id", "id"),), TRUE)
    assert pred("{role: {}}") == TRUE


def test_rules_speak_sql_names_and_may_use_hidden_columns() -> None:
    assert pred("{secret: {_is_null: false}}") == IsNull(ref("secret", "text"), negated=True)
    found, faults = outcome("{userId: {_is_null: true}}", naming="nhost")
    assert found is None
    assert 'did you mean "user_id"?' in str(faults[0])


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("{id: {_gt: 3}}", Compare(ref("id", "int4"), "_gt", literal("int4", "3", "Int"))),
        ("{id: {_gt: '3'}}", Compare(ref("id", "int4"), "_gt", literal("int4", "3", "Int"))),
        ("{score: {_lte: 1.10}}", Compare(ref("score", "numeric"), "_lte", literal("numeric", "1.10", "numeric"))),
        ("{active: {_eq: true}}", Compare(ref("active", "bool"), "_eq", literal("bool", "true", "Boolean"))),
        ("{role: {_neq: ''}}", Compare(ref("role", "text"), "_neq", literal("text", "", "String"))),
        ("{role: {_ilike: '%x%'}}", Compare(ref("role", "text"), "_ilike", literal("text", "%x%", "String"))),
        ("{joined: {_lt: '2024-01-01'}}", Compare(ref("joined", "date"), "_lt", literal("date", "2024-01-01", "date"))),
        (
            "{data: {_contains: {a: [1, 2.50]}}}",
            Compare(ref("data", "jsonb"), "_contains", literal("jsonb", '{"a":[1,2.50]}', "jsonb")),
        ),
        ("{data: {_has_key: a}}", Compare(ref("data", "jsonb"), "_has_key", literal("text", "a", "String"))),
    ],
)
def test_literals_are_encoded_once(filter: str, expected: Pred) -> None:
    assert pred(filter) == expected


def test_lists_become_one_slot() -> None:
    type = ValueType(pg("int4"), "Int", is_list=True)
    assert pred("{id: {_in: [1, '2']}}") == Compare(ref("id", "int4"), "_in", Slot("literal", (), type, '{"1","2"}'))
    assert pred("{id: {_nin: X-Hasura-Ids}}") == Compare(
        ref("id", "int4"), "_nin", Slot("session", ("x-hasura-ids",), type)
    )
    assert pred("{id: {_in: []}}") == Compare(ref("id", "int4"), "_in", Slot("literal", (), type, "{}"))
    texts = ValueType(pg("text"), "String", is_list=True)
    assert pred("{data: {_has_keys_any: X-Hasura-Keys}}") == Compare(
        ref("data", "jsonb"), "_has_keys_any", Slot("session", ("x-hasura-keys",), texts)
    )


def test_a_session_variable_inside_a_list_stands_for_one_element() -> None:
    one = Compare(ref("id", "int4"), "_eq", Slot("session", ("x-hasura-id",), ValueType(pg("int4"), "Int")))
    two = Compare(ref("id", "int4"), "_eq", literal("int4", "2", "Int"))
    assert pred("{id: {_in: [X-Hasura-Id, 2]}}") == AnyOf((one, two))
    assert pred("{id: {_nin: [X-Hasura-Id, 2]}}") == Not(AnyOf((one, two)))
    assert isinstance(pred("{data: {_has_keys_all: [X-Hasura-Key, a]}}"), All)


def test_arrays() -> None:
    array = ValueType(pg("_text"), "String", element=ValueType(pg("text"), "String"))
    tags = ColumnRef("tags", pg("_text"))
    assert pred("{tags: {_contains: [a, 'b,c']}}") == Compare(
        tags, "_contains", Slot("literal", (), array, '{"a","b,c"}')
    )
    assert pred("{tags: {_eq: X-Hasura-Tags}}") == Compare(tags, "_eq", Slot("session", ("x-hasura-tags",), array))
    assert pred("{tags: {_in: [[a], [b]]}}") == AnyOf(
        (
            Compare(tags, "_eq", Slot("literal", (), array, '{"a"}')),
            Compare(tags, "_eq", Slot("literal", (), array, '{"b"}')),
        )
    )


def test_enum_columns_take_their_members_alone() -> None:
    labels = ValueType(pg("text"), "colors_enum", labels=("blue", "red"))
    assert pred("{color: {_eq: red}}") == Compare(ref("color", "text"), "_eq", Slot("literal", (), labels, "red"))
    assert "expected one of the values ['blue', 'red']" in fault("{color: {_eq: pink}}")
    assert "expected one of the values ['sad', 'happy']" in fault("{mood: {_in: [sad, angry]}}")
    assert isinstance(pred("{color: {_like: 're%'}}"), Compare)


def test_ltree_operators_take_their_own_patterns() -> None:
    path = ColumnRef("path", Ident("ext", "ltree"))
    lquery = ValueType(Ident("ext", "lquery"), "lquery")
    assert pred("{path: {_matches: '*.a'}}") == Compare(path, "_matches", Slot("literal", (), lquery, "*.a"))
    assert pred("{path: {_ancestor: X-Hasura-Path}}") == Compare(
        path, "_ancestor", Slot("session", ("x-hasura-path",), ValueType(Ident("ext", "ltree"), "ltree"))
    )
    many = ValueType(Ident("ext", "lquery"), "lquery", is_list=True)
    assert pred("{path: {_matches_any: [a, b]}}") == Compare(
        path, "_matches_any", Slot("literal", (), many, '{"a","b"}')
    )


def test_cast() -> None:
    assert pred("{data: {_cast: {String: {_like: '%x'}}}}") == Compare(
        CastRef(ref("data", "jsonb"), pg("text")), "_like", literal("text", "%x", "String")
    )


# ---------------------------------------------------------------- columns on both sides


def test_columns_of_the_same_row() -> None:
    same = Compare(ref("joined", "date"), "_lt", ref("left_on", "date"))
    assert pred("{joined: {_clt: left_on}}") == pred("{joined: {_clt: [left_on]}}") == same


def test_columns_of_the_rules_own_table_are_reached_from_any_depth() -> None:
    found = pred("{org: {founded: {_cgte: [$, joined]}}}")
    assert isinstance(found, Exists)
    assert found.where == Compare(ref("founded", "date"), "_gte", ref("joined", "date", 1))
    deeper = pred("{org: {members: {joined: {_ceq: ['$', joined]}}}}")
    assert isinstance(deeper, Exists)
    assert isinstance(deeper.where, Exists)
    assert deeper.where.where == Compare(ref("joined", "date"), "_eq", ref("joined", "date", 2))
    within = pred("{_exists: {_table: org, _where: {id: {_cneq: ['$', org_id]}}}}")
    assert isinstance(within, Exists)
    assert within.where == Compare(ref("id", "uuid"), "_neq", ref("org_id", "uuid", 1))


# ---------------------------------------------------------------- aggregates


def test_aggregates_over_a_relationship() -> None:
    found = pred(
        "{members_aggregate: {count: {"
        "predicate: {_gt: 3}, filter: {role: {_eq: admin}}, arguments: [role], distinct: true}}}",
        "org",
    )
    assert found == AggregateTest(
        ident("member"),
        (("id", "org_id"),),
        "count",
        ("role",),
        True,
        Compare(ref("role", "text"), "_eq", literal("text", "admin", "String")),
        (Compare(ColumnRef("count", pg("int4")), "_gt", literal("int4", "3", "Int")),),
    )
    every = pred("{members_aggregate: {bool_and: {arguments: active, predicate: {_eq: true}}}}", "org")
    assert isinstance(every, AggregateTest)
    assert (every.function, every.arguments, every.where) == ("bool_and", ("active",), TRUE)


@pytest.mark.parametrize(
    ("filter", "words"),
    [
        ("{members_aggregate: {sum: {predicate: {_gt: 3}}}}", 'not "sum"'),
        ("{members_aggregate: {count: {filter: {}}}}", "needs a predicate"),
        ("{members_aggregate: {count: {predicate: {_gt: x}}}}", "expected a 32-bit integer"),
        ("{members_aggregate: {count: {predicate: {_gt: 3}, arguments: [rolle]}}}", 'did you mean "role"?'),
        ("{members_aggregate: {bool_or: {predicate: {_eq: true}, arguments: [role]}}}", "takes a boolean column"),
        ("{members_aggregate: {count: {predicate: {_gt: 3}, where: {}}}}", 'not "where"'),
        ("{members_aggregate: {_eq: 3}}", "needs an expression"),
    ],
)
def test_aggregates_that_cannot_be(filter: str, words: str) -> None:
    assert words in fault(filter, "org")


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("filter", "words"),
    [
        ("{rolle: {_eq: a}}", 'public.member has no column or relationship "rolle" (did you mean "role"?)'),
        ("{orgg: {id: {_is_null: true}}}", 'did you mean "org"?'),
        ("{org: {nam: {_eq: a}}}", 'public.org has no column or relationship "nam"'),
        ("{org: X-Hasura-Org}", 'the relationship "org" needs an expression about public.org'),
        ("{role: {name: {_eq: a}}}", 'column "role" of public.member needs operators'),
        ("{_exists: {_table: orgs, _where: {}}}", 'no table or view public.orgs (did you mean "public.org"?)'),
        ("{id: {_eq: abc}}", "expected a 32-bit integer for type 'Int', but found a string"),
        ("{id: {_eq: 3000000000}}", "The value 3.0e9 lies outside the bounds"),
        ("{id: {_in: [1, x]}}", "expected a 32-bit integer"),
        ("{role: {_eq: 5}}", "expected a string for type 'String', but found an integer"),
        ("{role: {_eq: null}}", "_is_null"),
        ("{role: {_neq: null}}", "_is_null"),
        ("{id: {_like: a}}", '"_like" does not work on column "id" of public.member, which is of type int4'),
        ("{raw: {_eq: {}}}", '"_eq" does not work on column "raw"'),
        ("{role: {_has_key: a}}", '"_has_key" does not work'),
        ("{role: {_cast: {String: {_eq: a}}}}", '"_cast" takes a jsonb column'),
        ("{data: {_cast: {Int: {_eq: 1}}}}", '"_cast" takes a jsonb column to String only'),
        ("{data: {_contains: {user: X-Hasura-User-Id}}}", "a session variable inside a JSON value"),
        ("{tags: {_contains: [X-Hasura-Tag]}}", "a session variable inside a JSON value or an array"),
        ("{tags: {_in: X-Hasura-Tags}}", "a list of arrays cannot come from one session variable"),
        ("{joined: {_ceq: nothing}}", 'public.member has no column "nothing"'),
        ("{joined: {_ceq: role}}", "date and text cannot be compared"),
        ("{raw: {_ceq: raw}}", '"_eq" does not work'),
        ("{joined: {_ceq: [org, founded]}}", 'expects column, [column] or ["$", column]'),
        ("{org: {name: {_ceq: [$, nope]}}}", 'public.member has no column "nope"'),
    ],
)
def test_what_cannot_be_resolved_is_a_fault_in_its_place(filter: str, words: str) -> None:
    text = fault(filter)
    assert words in text
    assert text.startswith("rules.yaml:7:")


def test_all_faults_are_found_at_once() -> None:
    found, faults = outcome("{_and: [{id: {_eq: a}}, {nope: {_eq: 1}}, {_not: {role: {_eq: null}}}]}")
    assert found is None
    assert len(faults) == 3
