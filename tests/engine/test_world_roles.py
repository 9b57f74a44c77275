"""A world's roles are those that checking its rules made; they are the same as if each had been made for itself."""

from __future__ import annotations

import pytest

from gql_gen.catalog.types import Catalog, Column, Ident, PgType, Relation, UniqueKey
from gql_gen.engine.settings import EngineSettings
from gql_gen.engine.world import World
from gql_gen.model.roles import role_model
from gql_gen.rules.load import parse_rules

INT = Ident("pg_catalog", "int4")
NOTES = Ident("public", "notes")
COLUMNS = {name: Column(name, INT, "integer", False, place) for place, name in enumerate(("id", "owner_id"), 1)}
CATALOG = Catalog(
    relations={NOTES: Relation(NOTES, "table", COLUMNS, UniqueKey("notes_pkey", ("id",)))},
    types={INT: PgType(INT, "base")},
    functions={},
    extensions={},
    server_version=180000,
    fingerprint="",
)
RULES = parse_rules(
    """
version: 1
roles: { reader: {}, writer: {}, heir: { inherits: [reader, writer] }, unused: {} }
tables:
  notes:
    permissions:
      reader: { select: { columns: [id], filter: { owner_id: { _eq: X-Hasura-User-Id } } } }
      writer:
        select: { columns: "*", filter: {} }
        insert: { columns: [owner_id], check: {} }
        delete: { filter: {}, backend_only: true }
""",
    "rules.yaml",
)


@pytest.mark.parametrize("is_backend", [False, True])
@pytest.mark.parametrize("role", ["reader", "writer", "heir", "unused", "admin", "stranger"])
def test_a_role_is_what_its_rules_alone_make_of_it(role: str, is_backend: bool) -> None:
    world = World(CATALOG, RULES, {}, EngineSettings("postgresql://nowhere"), 1)
    made = world.role(role, is_backend)
    assert made.model.entities == role_model(world.model, RULES, role, is_backend).entities
    assert made.is_backend == (is_backend and role in ("writer", "heir"))
