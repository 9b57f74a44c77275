"""A small world by hand: three tables, and roles whose every right is different from its neighbour's: `user` reads,
`clerk` writes what others may not, `robot` writes and reads nothing."""

from __future__ import annotations

from dataclasses import replace

from gql_gen.catalog.types import Catalog, Column, ForeignKey, Ident, PgType, Relation, UniqueKey
from gql_gen.model.build import build_model
from gql_gen.model.predicates import ColumnRef, Compare, Slot, ValueType
from gql_gen.model.roles import role_model
from gql_gen.model.types import RoleModel
from gql_gen.plan.nodes import Access, Node, Plan, Root
from gql_gen.plan.writes import Write, WriteAccess, WritePlan, WriteRoot
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import QueryRoot


def pg(name: str) -> Ident:
    return Ident("pg_catalog", name)


INT, TEXT, BOOL = pg("int4"), pg("text"), pg("bool")
NOTE, OWNER, SECRET = Ident("public", "note"), Ident("public", "owner"), Ident("public", "secret")
RULES = """
version: 1
naming: hasura
roles: { user: {}, clerk: {}, robot: {} }
tables:
  owner:
    permissions:
      user: { select: { columns: [id, name], filter: { name: { _eq: X-Hasura-Name } }, limit: 7 } }
      clerk:
        select: { columns: [id, name], filter: { name: { _eq: X-Hasura-Name } }, limit: 7 }
        insert: { columns: [id, name], check: { name: { _neq: nobody } }, set: { salary: 1 } }
  note:
    permissions:
      user:
        select:
          { columns: [id, title, done, owner_id], filter: { done: { _eq: false } }, limit: 5, allow_aggregations: true }
      clerk:
        select: { columns: [id, title, done, owner_id], filter: { done: { _eq: false } }, limit: 5 }
        insert: { columns: [id, title, owner_id], check: { title: { _neq: "" } }, set: { draft: new } }
        update:
          columns: [title, owner_id, draft, size]
          filter: { hidden: { _eq: false } }
          check: { title: { _neq: gone } }
          set: { done: true }
          message: no
          recheck: true
        delete: { filter: { done: { _eq: true } } }
      robot:
        insert: { columns: [title], check: { title: { _eq: beep } } }
  secret:
    permissions:
      robot: { insert: { columns: [word], check: {} }, update: { columns: [word], filter: {} }, delete: { filter: {} } }
"""


def table(name: str, columns: dict[str, Ident], *keys: ForeignKey) -> Relation:
    found = {
        column: Column(column, type_, type_.name, column != "id", position)
        for position, (column, type_) in enumerate(columns.items(), 1)
    }
    return Relation(Ident("public", name), "table", found, UniqueKey(f"{name}_pkey", ("id",)), foreign_keys=tuple(keys))


def catalog() -> Catalog:
    owner = table("owner", {"id": INT, "name": TEXT, "salary": INT, "boss_id": INT})
    note = table(
        "note",
        {"id": INT, "title": TEXT, "done": BOOL, "owner_id": INT, "draft": TEXT, "hidden": BOOL, "size": INT},
        ForeignKey("note_owner", ("owner_id",), OWNER, ("id",)),
    )
    secret = table(
        "secret", {"id": INT, "note_id": INT, "word": TEXT}, ForeignKey("secret_note", ("note_id",), NOTE, ("id",))
    )
    types = [PgType(type_, "base") for type_ in (INT, TEXT, BOOL, pg("int8"))]
    return Catalog(
        {relation.ident: relation for relation in (owner, note, secret)},
        {type_.ident: type_ for type_ in types},
        {},
        {},
        180000,
        "by hand",
    )


def role(name: str) -> RoleModel:
    rules = parse_rules(RULES, "rules.yaml")
    model = build_model(catalog(), rules, {})
    assert not model.faults
    return role_model(model, rules, name)


def plan(node: Node, access: Access = "select") -> Plan:
    return Plan("read", (Root("it", node, access),))


def write_plan(node: Write, access: WriteAccess) -> WritePlan:
    return WritePlan((WriteRoot("it", node, access),))


def column(name: str, *, type: Ident = TEXT, depth: int = 0) -> ColumnRef:
    return ColumnRef(name, type, depth)


def is_x(name: str, depth: int = 0) -> Compare:
    """A caller's test of a column."""
    return Compare(column(name, depth=depth), "_eq", literal("x"))


def literal(text: str, type: Ident = TEXT) -> Slot:
    return Slot("literal", (), ValueType(type, "String"), text)


def with_access(model: RoleModel, relation: Ident, *roots: QueryRoot) -> RoleModel:
    """The same role, with other query roots on one table."""
    entity = replace(model.entities[relation], query_roots=frozenset(roots))
    return replace(model, entities={**model.entities, relation: entity})
