"""The canonical form: what is written reads back as it was, and is written the same again."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gql_gen.catalog.types import Ident
from gql_gen.rules.dump import dump_rules
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import (
    BoolExp,
    Both,
    ByForeignKey,
    ByMapping,
    Customization,
    DeleteRule,
    Either,
    ExistsIn,
    InsertRule,
    IsolationLevel,
    Mark,
    NameAndComment,
    NamedRule,
    Naming,
    Negated,
    OnField,
    Operator,
    Preset,
    QueryRoot,
    Relationship,
    RoleRules,
    RootField,
    Rules,
    SelectRule,
    SubscriptionRoot,
    TablePermissions,
    TableRules,
    UpdateRule,
    Value,
)

AT = Mark("f", 1, 1)
RULE_NAMES = ("own", "a rule", "true")


def unmarked(thing: Any) -> Any:
    """Without places, and with everything that has no order in one order."""
    if isinstance(thing, Mark):
        return None
    if isinstance(thing, TableRules | InsertRule | UpdateRule | SelectRule):
        return {field.name: _sorted(unmarked(getattr(thing, field.name))) for field in fields(thing)}
    if is_dataclass(thing) and not isinstance(thing, type):
        return (type(thing).__name__, *(unmarked(getattr(thing, field.name)) for field in fields(thing)))
    if isinstance(thing, MappingProxyType):
        return {key: unmarked(value) for key, value in thing.items()}
    if isinstance(thing, tuple):
        return tuple(unmarked(item) for item in thing)
    return thing


def _sorted(thing: Any) -> Any:
    return (
        tuple(sorted(thing, key=repr)) if isinstance(thing, tuple) and thing and isinstance(thing[0], tuple) else thing
    )


# ---------------------------------------------------------------- strategies

odd_text = st.text(max_size=12) | st.sampled_from(
    ["yes", "NULL", "on", "1", "1.5", "-", "a: b", "#", "x ", "{}", "\u2028", "😀"]
)
text = odd_text.filter(lambda found: not any("\ud800" <= letter <= "\udfff" for letter in found))
name = text.filter(bool) | st.sampled_from(["id", "owner_id", "a.b", 'q"q'])
graphql_name = st.from_regex(r"\A[_A-Za-z][_0-9A-Za-z]{0,8}\Z")
field_name = name.filter(lambda found: found[0] not in "_$")
ident = st.builds(Ident, name, name)
json_value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False).filter(lambda found: "." in str(found) or "E" in str(found))
    | text,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(text, below, max_size=3),
    max_leaves=6,
)
operator = st.builds(
    Operator,
    st.sampled_from(["_eq", "_gt", "_like", "_contains"]),
    st.builds(Value, json_value, st.just(AT)),
    st.just(AT),
)
operators = st.lists(operator, min_size=1, max_size=2, unique_by=lambda found: found.name).map(tuple)


def on_field(below: st.SearchStrategy[BoolExp]) -> st.SearchStrategy[BoolExp]:
    nested = below.filter(lambda found: not isinstance(found, NamedRule) and found != Both((), AT))
    return (
        st.builds(OnField, field_name, operators, st.none(), st.just(AT))
        | st.builds(OnField, field_name, st.just(()), st.just(Both((), AT)), st.just(AT))
        | st.builds(OnField, field_name, st.none(), nested, st.just(AT))
    )


def connected(below: st.SearchStrategy[BoolExp]) -> st.SearchStrategy[BoolExp]:
    several = st.lists(below, max_size=3).map(tuple)
    return (
        st.builds(Both, several, st.just(AT))
        | st.builds(Either, several, st.just(AT))
        | st.builds(Negated, below, st.just(AT))
        | st.builds(ExistsIn, ident, below, st.just(AT))
        | on_field(below)
    )


expression: st.SearchStrategy[BoolExp] = st.recursive(
    st.builds(OnField, field_name, operators, st.none(), st.just(AT))
    | st.builds(NamedRule, st.sampled_from(RULE_NAMES), st.just(AT)),
    connected,
    max_leaves=6,
)
free_expression = st.builds(OnField, field_name, operators, st.none(), st.just(AT))
listed_columns = st.lists(name, max_size=3, unique=True).map(lambda found: tuple((column, AT) for column in found))
columns = st.none() | listed_columns
preset = st.builds(Preset, name, st.builds(Value, json_value, st.just(AT)), st.none(), st.just(AT)) | st.builds(
    Preset, name, st.none(), st.just("now()"), st.just(AT)
)
presets = st.lists(preset, max_size=2, unique_by=lambda found: found.column).map(tuple)
message = st.none() | st.just("not yours: #1")


def some_of(literal: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.frozensets(st.sampled_from(get_args(literal)))


select = st.builds(
    SelectRule,
    columns,
    expression,
    st.just(AT),
    st.none() | st.integers(0, 9),
    st.booleans(),
    st.lists(name, max_size=2, unique=True).map(lambda found: tuple(sorted(found))),
    some_of(QueryRoot),
    some_of(SubscriptionRoot),
)
insert = st.builds(InsertRule, columns, expression, st.just(AT), presets, st.booleans(), message, st.booleans())
update = st.builds(
    UpdateRule, columns, expression, st.none() | expression, st.just(AT), presets, st.booleans(), message, st.booleans()
)
delete = st.builds(DeleteRule, expression, st.just(AT), st.booleans(), message)
using = st.builds(ByForeignKey, st.just(("a", "b")), ident) | st.builds(
    ByMapping, ident, st.just((("a", "b"), ("c", "d")))
)
relationship = st.builds(
    Relationship,
    graphql_name,
    st.sampled_from(["object", "array"]),
    using,
    st.just(AT),
    st.none() | st.booleans(),
    st.none() | text,
)
chosen = st.builds(NameAndComment, st.none() | graphql_name, st.none() | text, st.just(AT))


@st.composite
def tables(draw: st.DrawFn, roles: list[str]) -> TableRules:
    permissions = {
        role: TablePermissions(
            role,
            AT,
            draw(st.none() | select),
            draw(st.none() | insert),
            draw(st.none() | update),
            draw(st.none() | delete),
        )
        for role in draw(st.lists(st.sampled_from(roles), unique=True, max_size=2))
    }
    return TableRules(
        ident=draw(ident),
        at=AT,
        name=draw(st.none() | graphql_name),
        comment=draw(st.none() | text),
        is_enum=draw(st.booleans()),
        hide=draw(listed_columns),
        columns=MappingProxyType(draw(st.dictionaries(name, chosen, max_size=2))),
        root_fields=MappingProxyType(draw(st.dictionaries(st.sampled_from(get_args(RootField)), chosen, max_size=2))),
        relationships=tuple(draw(st.lists(relationship, max_size=2, unique_by=lambda found: found.name))),
        infer_relationships=draw(st.booleans()),
        reveal_constraints=draw(st.none() | listed_columns),
        permissions=MappingProxyType(permissions),
    )


@st.composite
def all_rules(draw: st.DrawFn) -> Rules:
    roles = draw(st.lists(name.filter(lambda found: found != "admin"), min_size=1, max_size=3, unique=True))
    found = draw(st.lists(tables(roles), max_size=2, unique_by=lambda table: table.ident))
    return Rules(
        file="f",
        naming=draw(st.sampled_from(get_args(Naming))),
        roles=MappingProxyType({role: RoleRules(role, AT) for role in roles}),
        named=MappingProxyType({rule: draw(free_expression) for rule in RULE_NAMES}),
        tables=MappingProxyType({table.ident: table for table in found}),
        customization=draw(
            st.just(Customization()) | st.builds(Customization, st.none() | graphql_name, st.just("a_"))
        ),
        isolation_level=draw(st.sampled_from(get_args(IsolationLevel))),
        reveal_constraints=draw(st.booleans()),
        writes_ignore_select=draw(st.booleans()),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(all_rules())
def test_what_is_dumped_reads_back_and_is_dumped_the_same(rules: Rules) -> None:
    text = dump_rules(rules, head="made by a test")
    again = parse_rules(text, "f")
    assert unmarked(again) == unmarked(rules)
    assert dump_rules(again, head="made by a test") == text


def test_the_form_reads_aloud() -> None:
    scrambled = """\
{"tables": {"b": {"permissions": {"user": {"select": {"filter": "own", "columns": ["z", "a"]}}, "public": {}}},
"a": {"permissions": {"user": {}}, "reveal_constraints": ["b_key", "a_key"],
"relationships": {"r": {"on": {"x": "y"}, "object": "b"}}}}, "version": 1,
"reveal_constraints": true, "isolation_level": "serializable",
"rules": {"own": {"id": "X-Hasura-User-Id"}}, "roles": {"user": {}, "public": {}}}
"""
    canonical = """\
version: 1
naming: nhost

isolation_level: serializable
reveal_constraints: true

roles:
  user: {}
  public: {}

rules:
  own: { id: { _eq: X-Hasura-User-Id } }

tables:
  public.a:
    relationships:
      r: { object: public.b, on: { x: "y" } }
    reveal_constraints: [a_key, b_key]
    permissions:
      user: {}

  public.b:
    permissions:
      user:
        select: { columns: [a, z], filter: own }
      public: {}
"""
    assert dump_rules(parse_rules(scrambled, "p")) == canonical


def test_decimals_stay_as_they_were_written() -> None:
    rules = parse_rules("version: 1\nrules: {a: {n: {_in: [1.10, 2e3, 5.]}}}", "p")
    assert "_in: [1.10, 2E+3, 5.0]" in dump_rules(rules)
    assert isinstance(Decimal("1.10"), Decimal)
