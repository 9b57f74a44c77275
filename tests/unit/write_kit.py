"""A small world by hand, and mutations read against it: no database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from model.builders import catalog, enum, rules, sound, table

from gql_gen.dialects.document import Limits, Operation, read_operation
from gql_gen.dialects.hasura.read import Read, read
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.dialects.hasura.shape import shape_of
from gql_gen.model.roles import role_model
from gql_gen.plan.writes import Insert, Write, WritePlan
from gql_gen.rules.types import Rules

LONG = "a" * 61
RULES = """
roles: {{ keeper: {{}}, reader: {{}} }}
naming: {naming}
tables:
  author:
    relationships:
      partner: {{ object: author, on: {{ partner_id: id }} }}
      spouse: {{ object: author, on: {{ partner_id: id }}, insert_before_parent: false }}
  article: {{}}
  detail: {{}}
  letter:
    relationships:
      first: {{ object: author, on: {{ id: id }} }}
      second: {{ object: author, on: {{ id: partner_id }} }}
    permissions:
      keeper:
        insert: {{ columns: [id, p, l0], check: {{}} }}
        select: {{ columns: [id, p], filter: {{}} }}
      reader: {{ select: {{ columns: [p], filter: {{}} }} }}
"""


@cache
def _rules(naming: str) -> Rules:
    return rules(RULES.format(naming=naming))


@cache
def schema(role: str = "admin", naming: str = "hasura") -> RoleSchema:
    author = table(
        "author",
        "id int4!, name text!, mood public.mood, notes json, about jsonb, tags pg_catalog._text, big int8, "
        "ratio numeric, is_active bool, born date, partner_id int4",
        unique=[("name",)],
        foreign={"partner_id": "author.id"},
    )
    article = table(
        "article",
        "id int4!, title text, content text, author_id int4, editor_id int4",
        unique=[("title",)],
        foreign={"author_id": "author.id", "editor_id": "author.id"},
    )
    detail = table("detail", "author_id int4!, phone text", key=("author_id",), foreign={"author_id": "author.id"})
    letter = table("letter", f"id int4!, p text, l0 text, {LONG} text")
    world = catalog(author, article, detail, letter, types=[enum("mood", "glad", "sad")])
    found = _rules(naming)
    return RoleSchema(role_model(sound(world, found), found, role))


@dataclass(frozen=True)
class Asked:
    """A mutation, its variables, and what was read."""

    operation: Operation
    variables: Mapping[str, Any]
    found: Read

    @property
    def plan(self) -> WritePlan:
        assert isinstance(self.found.plan, WritePlan)
        return self.found.plan

    @property
    def node(self) -> Write:
        """The first root's."""
        return self.plan.roots[0].node

    @property
    def insert(self) -> Insert:
        assert isinstance(self.node, Insert)
        return self.node

    def texts(self, variables: Mapping[str, Any] | None = None) -> list[Any]:
        """The rows of each insert."""
        assert self.found.rows is not None
        given = self.variables if variables is None else self.operation.coerce(variables)
        return [json.loads(text) for text in self.found.rows.texts(given)]

    def shape(self, variables: Mapping[str, Any]) -> Any:
        return shape_of(self.operation.coerce(variables), self.found.used, self.found.by_value)


def ask(text: str, variables: Mapping[str, Any] | None = None, role: str = "admin", naming: str = "hasura") -> Asked:
    operation = read_operation(text, None, Limits())
    coerced = operation.coerce(variables or {})
    return Asked(operation, coerced, read(operation, coerced, schema(role, naming), Limits()))


def insert_authors(objects: str, declared: str = "", **variables: Any) -> Asked:
    head = f"mutation ({declared})" if declared else "mutation"
    return ask(f"{head} {{ insert_author(objects: {objects}) {{ affected_rows }} }}", variables)


def insert_articles(objects: str, declared: str = "", **variables: Any) -> Asked:
    head = f"mutation ({declared})" if declared else "mutation"
    return ask(f"{head} {{ insert_article(objects: {objects}) {{ affected_rows }} }}", variables)
