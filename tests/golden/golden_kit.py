"""A golden case is a folder: what is asked, by whom, and all that comes of it.

    query.graphql, variables.json     the question
    role.yaml                         two documents: who asks (role, session, settings), and the permissions file
    plan.txt                          the plan after the gate
    statement.sql                     what Postgres is asked, and what is bound to each place
    statement_before_18.sql           the same for an older Postgres, where it is another
    reply.json                        the answer; that of a mutation is a dry run's

`make golden` rewrites all but the first two; whoever changes them reads the difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.dialects.document import read_operation
from gql_gen.dialects.hasura.read import read
from gql_gen.engine.settings import EngineSettings
from gql_gen.engine.world import World
from gql_gen.gate.permit import permit, permit_writes
from gql_gen.model.types import RoleModel
from gql_gen.plan.nodes import Plan
from gql_gen.plan.show import show
from gql_gen.plan.show_writes import show_writes
from gql_gen.plan.writes import WritePlan
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import Rules
from gql_gen.session import Caller
from gql_gen.sql.program import Program
from gql_gen.sql.read import render
from gql_gen.sql.statement import Statement
from gql_gen.sql.write import render_writes

CASES = Path(__file__).parent / "cases"
EnumRows = Mapping[Ident, tuple[tuple[str, str | None], ...]]


@dataclass(frozen=True)
class Case:
    folder: Path

    @property
    def query(self) -> str:
        return (self.folder / "query.graphql").read_text()

    @property
    def writes(self) -> bool:
        return self.query.startswith("mutation")

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
    """A read is one statement. A mutation may be several, each with what it is for."""

    world: World
    role: RoleModel
    plan: Plan | WritePlan
    statements: tuple[tuple[str, Statement], ...]


def compiled(case: Case, url: str, catalog: Catalog, enum_rows: EnumRows) -> Compiled:
    """A case as far as its statements, without a database."""
    settings = case.settings(url)
    world = World(catalog, case.rules, enum_rows, settings, 1)
    assert not world.faults, world.faults
    role = world.role(case.caller.role)
    operation = read_operation(case.query, None, settings.limits)
    plan = read(operation, operation.coerce(case.variables), role.schema, settings.limits).plan
    if isinstance(plan, Plan):
        reads = permit(plan, role.model)
        return Compiled(world, role.model, reads.plan, (("", render(reads, catalog)),))
    writes = permit_writes(plan, role.model)
    programs = zip(writes.plan.roots, render_writes(writes, catalog), strict=True)
    statements = tuple(_labelled((root.alias, program) for root, program in programs))
    return Compiled(world, role.model, writes.plan, statements)


def before_18(catalog: Catalog) -> Catalog:
    """The same tables on a Postgres whose RETURNING does not tell the old row from the new."""
    return replace(catalog, server_version=170000)


def _labelled(programs: Iterator[tuple[str, Program]]) -> Iterator[tuple[str, Statement]]:
    """The statements in the order in which they run: rechecks come before the commit, after those of every root."""
    rechecks: list[tuple[str, Statement]] = []
    for alias, program in programs:
        for step in program.steps:
            node = step.node
            what = "read back" if node is None else f"{type(node).__name__.lower()} {node.relation}"
            yield f"{alias}: {what}", step.statement
        rechecks += ((f"{alias}: recheck", step.statement) for step in program.rechecks)
    yield from rechecks


def plan_text(found: Compiled) -> str:
    return show(found.plan) if isinstance(found.plan, Plan) else show_writes(found.plan)


def statements_text(found: Compiled) -> str:
    """Each statement broken into lines, and below it what is bound."""
    texts = ((f"-- {label}\n" if label else "") + statement_text(statement) for label, statement in found.statements)
    return _MARK.sub("usher-word", "\n".join(texts))


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


_MARK = re.compile("usher-[0-9a-f]{16}")
"""What a failed check raises holds a word that is another one in each process."""
_PIECE = re.compile(
    r"""(?<!delete)(?<!do)(?P<clause>\ )
    (?=(?:from|where|order\ by|limit|insert|update|delete|set|on\ conflict|returning)\ )
    | E?'(?:[^'\\]|''|\\.)*' | "(?:[^"]|"")*" | .""",
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
