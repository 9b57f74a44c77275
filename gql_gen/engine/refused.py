"""A write that the database refused → the error for the caller.

What is told depends on what the role can see (`gql_gen.gate.violations`); all that may not be told reads like a failed
check. By the time we ask, everything is rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gql_gen.engine.arguments import bound, texts
from gql_gen.engine.explain import explained
from gql_gen.engine.misfits import misfit
from gql_gen.engine.world import World
from gql_gen.engine.writing import PreparedWrite
from gql_gen.errors import BadRequest, CheckFailed, Failed, UsherError
from gql_gen.gate.violations import Question, fields_of, key_taken, may_tell
from gql_gen.model.predicates import Slot, ValueType
from gql_gen.model.types import RoleModel
from gql_gen.model.violations import Violation, ViolationKind
from gql_gen.plan.writes import Check, Delete, Insert, Update
from gql_gen.run.checks import Checks
from gql_gen.run.failures import DRIVER_ERRORS
from gql_gen.run.pool import Pool
from gql_gen.run.transactions import StepFailed
from gql_gen.run.violations import violation_of
from gql_gen.session import Caller
from gql_gen.sql.duplicates import duplicate_rows
from gql_gen.sql.verdict import raised
from gql_gen.sql.visible import asked

Node = Insert | Update | Delete
_CHECK_FAILED = "check constraint of an insert/update permission has failed"
_WORDS: Mapping[ViolationKind, str] = {
    "unique": "Uniqueness violation.",
    "foreign_key": "Foreign key violation.",
    "referenced": "Foreign key violation.",
    "check": "Check constraint violation.",
    "domain": "Check constraint violation.",
    "not_null": "Not-NULL violation.",
    "exclusion": "Exclusion violation.",
}
_TWICE = "21000"
_TRIED = 5_000
"""Arrays tried one by one, at most, to find the one at fault: they cannot be asked about together."""
_Cell = tuple[str, ValueType, str]
"""Text, type, path."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """Finds the error for one request's failed write."""

    pool: Pool
    checks: Checks
    world: World
    role: RoleModel
    write: PreparedWrite
    variables: Mapping[str, Any]
    caller: Caller
    development: bool

    async def of_step(self, failed: StepFailed) -> UsherError | None:
        """None where nothing better can be said than for any statement.

        A value that cannot be read is told before all else: which rows the statement met before it depends on what the
        tables hold, and so would the error."""
        if (wrong := await self._bad_value()) is not None:
            return wrong
        node, cause = failed.step.step.node, failed.cause
        mark = raised(str(cause)) if cause.sqlstate == "22P02" else None
        if mark is not None:
            kind, number = mark
            if kind == "check":
                return await self._check_failed(self.write.programs[failed.root].program.checks[number], failed.root)
            if kind == "absent":
                place = self.write.programs[failed.root].program.places[number]
                return Failed("a row to be related was not found", path=place, code="not-exists")
            return _not_written(kind, node)
        if node is None:
            return None
        if (violation := violation_of(cause)) is not None:
            return await self._violated(violation, node)
        if cause.sqlstate == _TWICE and isinstance(node, Insert):
            twice = await self._twice(node, None)
            return twice or BadRequest("two rows of this insert have the same key", path=node.path)
        if (cause.sqlstate or "").startswith("22"):
            return self._misfit(failed, node)
        return None

    def _misfit(self, failed: StepFailed, node: Node) -> UsherError | None:
        if isinstance(node, Delete):
            return None
        table = self.world.catalog.relations[node.relation]
        return misfit(node, table, failed.step, self.write.rows, self.variables)

    async def of_commit(self, cause: BaseException) -> UsherError | None:
        """A deferred constraint is only checked at the end, and belongs to no statement."""
        violation = violation_of(cause)
        return None if violation is None else await self._violated(violation, None)

    # ------------------------------------------------------------ checks

    async def _check_failed(self, check: Check, root: int) -> UsherError:
        if not self.development:
            return _failed(check)
        told = await explained(self.pool, self.world.catalog, self.write, self.variables, self.caller, root)
        internal = {"rule": check.name, "at": check.at, **told}
        return _failed(check, {"internal": internal})

    @staticmethod
    def _hidden(node: Node | None) -> UsherError:
        """Exactly what a failed check of the same write says."""
        check = None if node is None or isinstance(node, Delete) else node.check
        return CheckFailed(_CHECK_FAILED) if check is None else _failed(check)

    # ------------------------------------------------------------ constraints

    async def _violated(self, violation: Violation, node: Node | None) -> UsherError:
        if violation.kind == "unique" and isinstance(node, Insert) and not await self._may_be_older(violation, node):
            twice = await self._twice(node, violation.constraint)
            if twice is not None:
                return twice
        if violation.kind == "other" or not await self._may_tell(violation, node):
            return self._hidden(node)
        path = node.path if isinstance(node, Insert) else "$"
        message = f"{_WORDS[violation.kind]} {violation.message}"
        return Failed(message, path=path, code="constraint-violation", extensions=self._about(violation))

    def _about(self, violation: Violation) -> Mapping[str, Any]:
        """The constraint and its fields, for forms. Where all constraints are revealed the answer is Hasura's own."""
        entity = None if violation.relation is None else self.role.entities.get(violation.relation)
        if entity is None or entity.revealed_constraints is None:
            return {}
        fields = fields_of(violation, self.role)
        if violation.constraint is None:
            return {"fields": fields} if fields else {}
        return {"constraint": violation.constraint, "fields": fields}

    async def _may_tell(self, violation: Violation, node: Node | None) -> bool:
        questions = may_tell(violation, node, self.role)
        if isinstance(questions, bool):
            return questions
        answers = [await self._answer(question) for question in questions]
        return all(answers)

    async def _may_be_older(self, violation: Violation, node: Insert) -> bool:
        """Whether an upsert may have met an older row: then two of its own rows with that key need not be at fault, one
        of them having been skipped. A plain insert of such two fails whatever rows there are."""
        if node.on_conflict is None or violation.relation is None:
            return False
        relation = self.world.catalog.relations.get(violation.relation)
        question = None if relation is None else key_taken(violation, relation)
        return question is None or await self._answer(question)

    async def _answer(self, question: Question) -> bool:
        """False where it cannot be told: nothing is told then."""
        prepared = bound(asked(question, self.world.catalog), ())
        assert prepared.statement is not None
        try:
            arguments, _ = texts(prepared, self.variables, self.caller)
            row = await self.pool.fetch(prepared.statement.text, arguments)
        except (*DRIVER_ERRORS, UsherError):
            return False
        return row is not None and row[0] is True

    # ------------------------------------------------------------ rows and values

    async def _twice(self, node: Insert, constraint: str | None) -> UsherError | None:
        """The error of two rows of one insert with the same key, if there are such."""
        found = duplicate_rows(node, constraint, self.world.catalog)
        rows = self.write.rows
        if found is None or rows is None:
            return None
        number = node.rows.path[0]
        assert isinstance(number, int)
        try:
            row = await self.pool.fetch(found.text, [rows.texts(self.variables)[number]])
        except DRIVER_ERRORS:
            return None
        if row is None or row[0] is None:
            return None
        first, second = msgspec.json.decode(row[0])[:2]
        names = [rows.row_path(self.variables, number, position - 1) for position in (first, second)]
        return BadRequest(f"{_short(names[0])} and {_short(names[1])} have the same key", path=names[1])

    async def _bad_value(self) -> UsherError | None:
        """The first cell that Postgres cannot read, of any insert of the request."""
        if self.write.rows is None:
            return None
        columns: dict[ValueType, list[_Cell]] = {}
        for cell in self.write.rows.cells(self.variables):
            columns.setdefault(cell[1], []).append(cell)
        for type_, cells in columns.items():
            suspects = cells[:_TRIED] if type_.element is not None else await self._halved(cells, type_)
            for text, _, path in suspects:
                try:
                    await self.checks.value(text, Slot("literal", (), type_, text, path))
                except UsherError as error:
                    return error
        return None

    async def _halved(self, cells: list[_Cell], type_: ValueType) -> list[_Cell]:
        """None of many cells of one type where all hold, else the first that does not."""
        if await self._hold(cells, type_):
            return []
        while len(cells) > 1:
            first, second = cells[: len(cells) // 2], cells[len(cells) // 2 :]
            cells = second if await self._hold(first, type_) else first
        return cells

    async def _hold(self, cells: list[_Cell], type_: ValueType) -> bool:
        return await self.checks.hold([text for text, _, _ in cells], type_)


def _failed(check: Check, extensions: Mapping[str, Any] | None = None) -> CheckFailed:
    return CheckFailed(check.message or _CHECK_FAILED, path=check.path, extensions=extensions)


def _short(path: str) -> str:
    """`objects[3]` of `$.selectionSet.insert_author.args.objects[3]`."""
    return path.rpartition(".args.")[2]


def _not_written(kind: str, node: Node | None) -> UsherError:
    path = node.path if isinstance(node, Insert) else "$"
    if kind == "missing":
        message = "cannot proceed to insert related rows: the row they belong to was neither inserted nor updated"
    else:
        message = "cannot proceed to insert related rows: a trigger left out rows that they belong to"
    return Failed(message, path=path, code="not-supported")
