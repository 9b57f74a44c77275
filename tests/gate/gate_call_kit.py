"""Functions by hand, on the small world of gate_kit: roots and computed fields, and roles that may use some of them.

`user` has most; `guest` reads the same tables and none of the functions that return a single value; `half` has several
grants for notes, and so sees cells of some rows alone.
"""

from __future__ import annotations

from dataclasses import replace

from gate_kit import INT, NOTE, OWNER, TEXT, catalog, literal, pg

from gql_gen.catalog.types import Argument, Catalog, Function, Ident, PgType, Volatility
from gql_gen.model.build import build_model
from gql_gen.model.predicates import ComputedRef, Slot, ValueType
from gql_gen.model.roles import check_all_roles, role_model
from gql_gen.model.types import Call, RoleModel, Routine
from gql_gen.plan.nodes import Access, Aggregate, Node, Select
from gql_gen.rules.load import parse_rules

JSON = pg("json")
RULES = """
version: 1
naming: hasura
infer_function_permissions: true
roles: { user: {}, guest: {}, half: {} }
functions:
  find: {}
  pick: { permissions: [user] }
  total: { permissions: [user] }
  who: { session_argument: s, permissions: [user] }
  touch: { permissions: [user] }
  stir: { exposed_as: query, permissions: [user] }
  owners: {}
  read_only: { exposed_as: mutation, permissions: [user] }
tables:
  owner:
    computed_fields: { wealth: wealth, written: written }
    permissions:
      user: { select: { columns: [id, name], filter: { name: { _eq: X-Hasura-Name } }, computed_fields: [wealth] } }
      guest: { select: { columns: [id, name], filter: { name: { _eq: X-Hasura-Name } } } }
      half: { select: { columns: [id, name], filter: {}, allow_aggregations: true } }
  note:
    computed_fields: { loud: loud, rank: rank, said: { function: said, session_argument: s }, likes: likes }
    permissions:
      user:
        select:
          columns: [id, title, done, owner_id]
          filter: { done: { _eq: false } }
          limit: 5
          allow_aggregations: true
          computed_fields: [loud, rank, said]
        update: { columns: [title], filter: {} }
      guest: { select: { columns: [id, title, owner_id], filter: { done: { _eq: false } }, allow_aggregations: true } }
      half:
        select:
          - { columns: [id, title, owner_id], filter: { done: { _eq: false } }, allow_aggregations: true }
          - { columns: [id, size, draft], filter: { hidden: { _eq: false } }, computed_fields: [loud] }
        insert: { columns: [id, title, size, draft], check: {} }
        update: { columns: [title, size, draft], filter: {} }
        delete: { filter: {} }
  secret: {}
"""


def takes(name: str, type_: Ident, *, default: bool = False) -> Argument:
    return Argument(name, type_, "in", default)


def function(name: str, returns: Ident, *arguments: Argument, volatility: Volatility = "stable") -> Function:
    """One that returns rows where it returns a relation's type."""
    is_rows = returns in (NOTE, OWNER, Ident("public", "secret"))
    relation = returns if is_rows else None
    return Function(Ident("public", name), arguments, returns, is_rows, relation, volatility)


FUNCTIONS = (
    function("find", NOTE, takes("q", TEXT)),
    replace(function("pick", NOTE, takes("i", INT)), returns_set=False),
    function("total", INT, takes("a", INT), takes("b", INT, default=True)),
    function("who", TEXT, takes("s", JSON)),
    function("touch", NOTE, takes("q", TEXT), volatility="volatile"),
    function("stir", NOTE, takes("q", TEXT), volatility="volatile"),
    function("owners", OWNER),
    function("read_only", NOTE),
    function("untracked", NOTE),
    function("wealth", INT, takes("o", OWNER)),
    function("written", NOTE, takes("o", OWNER)),
    function("loud", TEXT, takes("n", NOTE)),
    function("rank", INT, takes("n", NOTE), takes("plus", INT, default=True)),
    function("said", TEXT, takes("n", NOTE), takes("s", JSON)),
    function("likes", OWNER, takes("n", NOTE)),
)


def calling_catalog() -> Catalog:
    found = catalog()
    rows = [PgType(ident, "composite") for ident in found.relations]
    types = {type_.ident: type_ for type_ in (*rows, PgType(JSON, "base"))}
    named = {made.ident: (made,) for made in FUNCTIONS}
    return replace(found, types={**found.types, **types}, functions=named)


def calling_role(name: str) -> RoleModel:
    rules = parse_rules(RULES, "rules.yaml")
    model = check_all_roles(build_model(calling_catalog(), rules, {}), rules)
    assert not model.faults, model.faults
    return role_model(model, rules, name)


ADMIN = calling_role("admin")


def root_routine(name: str) -> Routine:
    return ADMIN.functions[Ident("public", name)].routine


def field_routine(name: str, relation: Ident = NOTE) -> Routine:
    return ADMIN.entities[relation].computed[name].routine


def text(value: str = "x") -> Slot:
    return literal(value)


def number(value: str = "1") -> Slot:
    return Slot("literal", (), ValueType(INT, "Int"), value)


def find(*given: tuple[int, Slot | None]) -> Call:
    return Call(root_routine("find"), given or ((0, text()),))


def made(
    name: str, relation: Ident = NOTE, *, depth: int = 0, given: tuple[tuple[int, Slot | None], ...] = ()
) -> ComputedRef:
    """A computed value of the row."""
    return ComputedRef(Call(field_routine(name, relation), given), TEXT, depth)


def access_of(node: Node) -> Access:
    """The right that a root needs where nobody lies."""
    match node:
        case Aggregate():
            return "call_aggregate" if node.rows else "select_aggregate"
        case Select(rows=None):
            return "select_by_pk" if node.single else "select"
        case _:
            return "call"
