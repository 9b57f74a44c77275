"""Rules of every shape, made up by Hypothesis, and rules without what makes equal ones differ."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, get_args

from hypothesis import strategies as st

from gql_gen.catalog.types import Ident
from gql_gen.rules.types import (
    NO_LIMITS,
    AllowedCollection,
    BoolExp,
    Both,
    ByForeignKey,
    ByMapping,
    CollectedQuery,
    Customization,
    DeleteRule,
    Either,
    ExistsIn,
    FunctionRoot,
    FunctionRules,
    InsertRule,
    IsolationLevel,
    LimitRules,
    Mark,
    NameAndComment,
    NamedRule,
    Naming,
    Negated,
    OnField,
    Operator,
    Preset,
    QueryRoot,
    RateRule,
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
    if isinstance(thing, TableRules | InsertRule | UpdateRule | SelectRule | FunctionRules):
        return {field.name: _sorted(unmarked(getattr(thing, field.name))) for field in fields(thing)}
    if isinstance(thing, AllowedCollection):
        return (thing.collection, _sorted(unmarked(thing.roles)))
    if isinstance(thing, Rules):
        return {field.name: _ordered(field.name, unmarked(getattr(thing, field.name))) for field in fields(thing)}
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


def _ordered(key: str, thing: Any) -> Any:
    return _sorted(thing) if key == "allow_list" else thing


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


def dump_of(grant: SelectRule) -> str:
    """Two grants that are written alike cannot stand in one list."""
    return repr(unmarked(grant))


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
            draw(st.lists(select, max_size=3, unique_by=dump_of).map(tuple)),
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


count = st.none() | st.integers(1, 99)
session_name = st.sampled_from(["ip", "x-hasura-user-id", "x-hasura-ödd: name"])
rate = st.builds(RateRule, st.integers(1, 99), st.lists(session_name, max_size=3, unique=True).map(tuple))
seconds = st.none() | st.integers(1, 99) | st.sampled_from([Decimal("0.5"), Decimal("1E+1"), Decimal("2.50")])
limits = st.builds(LimitRules, count, count, count, seconds, st.none() | st.integers(0, 9), st.none() | rate)
query_text = st.sampled_from(
    ["{a}", "{ a }\n", "query Q {\n  a # x\n\n  b\n}\n", "query Q {\n  a \n}\n", "\n{\n a}", " {\na}", "{ a }\n\n"]
) | st.builds("query {{ a(b: {}) }}\n{}".format, st.integers(), st.sampled_from(["# é", "# a\n# b", "", "\t"]))


def marked(names: list[str]) -> tuple[tuple[str, Mark], ...]:
    return tuple((name, AT) for name in names)


def some_roles(roles: list[str], least: int = 0) -> st.SearchStrategy[tuple[tuple[str, Mark], ...]]:
    return st.lists(st.sampled_from(roles), unique=True, min_size=least).map(marked)


@st.composite
def role_rules(draw: st.DrawFn, roles: list[str]) -> dict[str, RoleRules]:
    """Each may inherit from those before it."""
    inherited = [draw(some_roles(roles[:place])) if place else () for place in range(len(roles))]
    return {
        role: RoleRules(role, AT, parents, draw(st.booleans()), draw(st.just(NO_LIMITS) | limits))
        for role, parents in zip(roles, inherited, strict=True)
    }


@st.composite
def functions(draw: st.DrawFn, roles: list[str]) -> FunctionRules:
    return FunctionRules(
        ident=draw(ident),
        at=AT,
        name=draw(st.none() | graphql_name),
        comment=draw(st.none() | text),
        root_fields=MappingProxyType(
            draw(st.dictionaries(st.sampled_from(get_args(FunctionRoot)), chosen, max_size=2))
        ),
        exposed_as=draw(st.sampled_from([None, "query", "mutation"])),
        session_argument=draw(st.none() | name),
        permissions=draw(st.none() | some_roles(roles)),
    )


@st.composite
def collections(draw: st.DrawFn) -> dict[str, tuple[CollectedQuery, ...]]:
    queries = st.lists(
        st.builds(CollectedQuery, name, query_text, st.just(AT)), max_size=3, unique_by=lambda query: query.name
    )
    return draw(st.dictionaries(name, queries.map(tuple), max_size=2))


@st.composite
def allow_lists(draw: st.DrawFn, collected: list[str], roles: list[str]) -> tuple[AllowedCollection, ...]:
    allowed = draw(st.lists(st.sampled_from(collected), unique=True)) if collected else []
    return tuple(AllowedCollection(name, draw(st.none() | some_roles(roles, 1)), AT) for name in allowed)


@st.composite
def all_rules(draw: st.DrawFn) -> Rules:
    roles = draw(st.lists(name.filter(lambda found: found != "admin"), min_size=1, max_size=3, unique=True))
    called = draw(st.lists(functions(roles), max_size=2, unique_by=lambda function: function.ident))
    collected = draw(collections())
    found = draw(st.lists(tables(roles), max_size=2, unique_by=lambda table: table.ident))
    return Rules(
        file="f",
        naming=draw(st.sampled_from(get_args(Naming))),
        roles=MappingProxyType(draw(role_rules(roles))),
        named=MappingProxyType({rule: draw(free_expression) for rule in RULE_NAMES}),
        tables=MappingProxyType({table.ident: table for table in found}),
        customization=draw(
            st.just(Customization()) | st.builds(Customization, st.none() | graphql_name, st.just("a_"))
        ),
        isolation_level=draw(st.sampled_from(get_args(IsolationLevel))),
        reveal_constraints=draw(st.booleans()),
        writes_ignore_select=draw(st.booleans()),
        functions=MappingProxyType({function.ident: function for function in called}),
        infer_function_permissions=draw(st.booleans()),
        limits=draw(st.just(NO_LIMITS) | limits),
        query_collections=MappingProxyType(collected),
        allow_list=draw(allow_lists(list(collected), roles)),
        connections=draw(st.booleans()),
        ids_show_keys=draw(st.booleans()),
    )
