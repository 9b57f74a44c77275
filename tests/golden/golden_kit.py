"""A golden case is a folder: what is asked, by whom, and all that comes of it.

    query.graphql, variables.json     the question
    role.yaml                         two documents: who asks (role, session, settings), and the permissions file
    plan.txt                          the plan after the gate
    statement.sql                     what Postgres is asked, and what is bound to each place
    reply.json                        the answer

`make golden` rewrites the last three; whoever changes them reads the difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.dialects.document import read_operation
from gql_gen.dialects.hasura.read import read
from gql_gen.engine.settings import EngineSettings
from gql_gen.engine.world import World
from gql_gen.gate.permit import permit
from gql_gen.model.types import RoleModel
from gql_gen.plan.nodes import Plan
from gql_gen.plan.show import show
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import Rules
from gql_gen.session import Caller
from gql_gen.sql.read import render
from gql_gen.sql.statement import Statement

CASES = Path(__file__).parent / "cases"
EnumRows = Mapping[Ident, tuple[tuple[str, str | None], ...]]


@dataclass(frozen=True)
class Case:
    folder: Path

    @property
    def query(self) -> str:
        return (self.folder / "query.graphql").read_text()

    @property
    def variables(self) -> dict[str, Any]:
        file = self.folder / "variables.json"
        found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        return found

    @property
    def _documents(self) -> tuple[str, str]:
        head, _, rules = (self.folder / "role.yaml").read_text().partition("\n---\n")
        return head, rules

    @property
    def _head(self) -> dict[str, Any]:
        head: dict[str, Any] = YAML(typ="safe", pure=True).load(self._documents[0])
        return head

    @property
    def caller(self) -> Caller:
        session = self._head.get("session", {})
        return Caller(self._head["role"], {f"x-hasura-{name}": str(value) for name, value in session.items()})

    def settings(self, url: str) -> EngineSettings:
        return EngineSettings(url, pool_size=1, **self._head.get("settings", {}))

    @property
    def rules(self) -> Rules:
        return parse_rules(self._documents[1], f"{self.folder.name}/role.yaml")


@dataclass(frozen=True)
class Compiled:
    world: World
    role: RoleModel
    plan: Plan
    statement: Statement


def compiled(case: Case, url: str, catalog: Catalog, enum_rows: EnumRows) -> Compiled:
    """A case as far as the statement, without a database."""
    settings = case.settings(url)
    world = World(catalog, case.rules, enum_rows, settings, 1)
    assert not world.faults, world.faults
    role = world.role(case.caller.role)
    operation = read_operation(case.query, None, settings.limits)
    plan = read(operation, operation.coerce(case.variables), role.schema, settings.limits).plan
    permitted = permit(plan, role.model)
    return Compiled(world, role.model, permitted.plan, render(permitted, catalog))


def plan_text(found: Compiled) -> str:
    return show(found.plan)


def statement_text(statement: Statement) -> str:
    """The statement broken into lines, and below it what is bound."""
    checked = {check.index for check in statement.patterns}
    bound = [
        f"-- ${index + 1}  {_bound(slot)}{'  (a pattern, tried first)' if index in checked else ''}\n"
        for index, slot in enumerate(statement.slots)
    ]
    return broken(statement.text) + "\n" + "".join(["\n", *bound] if bound else [])


def _bound(slot: Any) -> str:
    if slot.source == "literal":
        return f"literal {slot.text!r}"
    return f"{slot.source} {'.'.join(map(str, slot.path))}"


_PIECE = re.compile(
    r"""(?P<clause>\ )(?=(?:from|where|order\ by|limit)\ ) | E?'(?:[^'\\]|''|\\.)*' | "(?:[^"]|"")*" | .""",
    re.DOTALL | re.VERBOSE,
)


def broken(text: str) -> str:
    """SQL with a line break before each clause, indented as deep as its parentheses. Only white space changes."""
    pieces: list[str] = []
    depth = 0
    for match in _PIECE.finditer(text):
        depth += (match.group() == "(") - (match.group() == ")")
        pieces.append(f"\n{'  ' * depth}" if match["clause"] else match.group())
    return "".join(pieces)


def joined(text: str) -> str:
    """The statement that was broken."""
    return re.sub(r"\n *", " ", text)
