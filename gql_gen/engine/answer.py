"""Ask + Caller → Reply.

    document  →  dialect.read  →  Plan  →  gate.permit  →  Permitted  →  sql.render  →  Statement  →  run  →  bytes

A known operation skips all but the last: its variables' shape finds the statement, slots are bound, one round trip.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from gql_gen.ask import Dialect, DocumentAsk, Guard, Outcome, Reply
from gql_gen.catalog.types import Catalog, Ident
from gql_gen.dialects.document import Operation, read_operation
from gql_gen.dialects.hasura.envelope import framed, refusal, spread
from gql_gen.dialects.hasura.introspect import sdl
from gql_gen.dialects.hasura.read import Read, read
from gql_gen.engine.arguments import bound, texts
from gql_gen.engine.cache import Document, Kept, Prepared
from gql_gen.engine.proofs import prove_rules, surely_valid_slot
from gql_gen.engine.refused import Refusals
from gql_gen.engine.settings import EngineSettings
from gql_gen.engine.world import World
from gql_gen.engine.writing import PreparedWrite, bind_write, prepared_program
from gql_gen.errors import Failed, NotByGet, Rejected, UsherError
from gql_gen.gate.permit import permit, permit_writes
from gql_gen.introspect.read import read_catalog, read_enum_values
from gql_gen.introspect.warnings import warnings_of
from gql_gen.model.predicates import Slot
from gql_gen.model.types import RoleModel
from gql_gen.plan.writes import WritePlan
from gql_gen.rules.types import Fault, LimitRules, Rules, RulesError
from gql_gen.run.checks import Checks
from gql_gen.run.deadline import in_time
from gql_gen.run.failures import DRIVER_ERRORS, failure, is_lost, is_stale
from gql_gen.run.pool import Pool, PoolSettings
from gql_gen.run.transactions import StepFailed, run_programs
from gql_gen.session import Caller
from gql_gen.sql.read import render
from gql_gen.sql.session import PING
from gql_gen.sql.statement import Statement
from gql_gen.sql.write import render_writes

log = logging.getLogger("usher.engine")
_REFRESH_SECONDS = 1.0
_UNKNOWN = "the connection to the database was lost; whether anything was changed is not known"


class DatabaseUnreachable(Exception):
    """The database could not be reached at start; the message says why."""


class _Stale(Exception):
    """The catalogue changed under a statement."""


class Engine:
    """Answers operations over one database with one set of rules."""

    def __init__(self, settings: EngineSettings, pool: Pool, world: World) -> None:
        self._settings = settings
        self._limits = settings.limits
        self._pool = pool
        self._checks = Checks(pool)
        self._world = world
        self._reloading = asyncio.Lock()
        self._refreshed = float("-inf")

    @classmethod
    async def open(cls, settings: EngineSettings, rules: Rules, *, strict: bool) -> Engine:
        """Reads the catalogue and builds the world. Raises DatabaseUnreachable, or RulesError when `strict` and the
        rules name what the database lacks."""
        pool = Pool(
            PoolSettings(
                settings.database_url,
                settings.pool_size,
                settings.statement_timeout_ms,
                settings.use_prepared_statements,
            )
        )
        try:
            world = await _new_world(pool, rules, settings, generation=1)
        except DRIVER_ERRORS as error:
            await pool.close()
            raise DatabaseUnreachable(str(error) or type(error).__name__) from error
        if strict and world.faults:
            await pool.close()
            raise RulesError(world.faults)
        return cls(settings, pool, world)

    async def close(self) -> None:
        await self._pool.close()

    # ------------------------------------------------------------ state

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What of the rules could not be carried over to this database; those parts are left out."""
        return self._world.faults

    @property
    def generation(self) -> int:
        """Grows with each reload."""
        return self._world.generation

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(sorted(self._world.model.roles))

    async def ping(self) -> bool:
        try:
            await asyncio.wait_for(self._pool.fetch(PING, []), 2.0)
        except Exception:
            return False
        return True

    async def reload(self, rules: Rules | None = None) -> tuple[Fault, ...]:
        """A new world from the database as it is now and the rules given, or the same rules. The old one stays when
        anything raises."""
        async with self._reloading:
            generation = self._world.generation + 1
            self._world = await _new_world(self._pool, rules or self._world.rules, self._settings, generation)
            self._pool.forget_statements()
            return self._world.faults

    def limits(self, role: str) -> LimitRules:
        """What bounds the role's operations; None where nothing does."""
        return self._world.limits(role)

    def warnings(self) -> tuple[Fault, ...]:
        """What is served but hands out more than the rules seem to say. Reads the definitions of views: not cheap."""
        return warnings_of(self._world.catalog, self._world.rules)

    def sdl(self, role: str, dialect: Dialect = "hasura") -> str:
        return sdl(self._world.role(role).schema_of(dialect))

    # ------------------------------------------------------------ answers

    def refuse(self, error: UsherError, outcome: Outcome = "refused") -> Reply:
        return refusal(error, outcome)

    async def answer(self, ask: DocumentAsk, caller: Caller) -> Reply:
        """The reply to one operation. Never raises but for cancellation."""
        try:
            return await self._attempt(ask, caller)
        except Exception as error:
            return await self._recovered(ask, caller, error)

    async def _recovered(self, ask: DocumentAsk, caller: Caller, error: Exception) -> Reply:
        """A second attempt when the catalogue was out of date, else the error as a reply."""
        if is_stale(error):
            try:
                await self._refresh()
                return await self._attempt(ask, caller)
            except Exception as again:
                error = again
        return _failed(error)

    async def _refresh(self) -> None:
        """Reads the catalogue again after a statement failed for a name that is gone; at most once a second, since a
        caller must not be able to keep us at it, and without a new world when nothing has changed."""
        async with self._reloading:
            now = time.monotonic()
            if now - self._refreshed < _REFRESH_SECONDS:
                return
            self._refreshed = now
            log.warning("a statement met a changed schema; reading the catalogue again")
            self._pool.forget_statements()
            world = await _new_world(self._pool, self._world.rules, self._settings, self._world.generation + 1)
            if world.catalog.fingerprint != self._world.catalog.fingerprint:
                self._world = world

    async def _attempt(self, ask: DocumentAsk, caller: Caller) -> Reply:
        world = self._world
        shelf = f"{caller.role}\0backend" if caller.is_backend else caller.role
        if ask.dialect != "hasura":
            shelf = f"{shelf}\0{ask.dialect}"
        document = world.cache.get(shelf, ask.text, ask.operation)
        if document is None:
            operation = read_operation(ask.text, ask.operation, self._limits)
            world.admit(operation, caller.role)
            document = Document(operation)
            world.cache.add(shelf, ask.text, ask.operation, document)
        if ask.read_only and document.operation.kind.value != "query":
            raise NotByGet(f"a {document.operation.kind.value} cannot be sent by GET")
        variables = document.operation.coerce(ask.variables)
        key = document.key(variables)
        prepared = document.statements.get(key)
        if prepared is None:
            prepared = await self._prepare(world, document, variables, caller, ask.dialect)
            world.cache.keep(shelf, ask.text, ask.operation, document.key(variables), prepared)
        if ask.read_only and isinstance(prepared, PreparedWrite):
            raise NotByGet("a function that may write cannot be called by GET")
        seconds = world.limits(caller.role).seconds
        if seconds is None:
            return await self._run(world, prepared, variables, caller, ask.guard)
        async with in_time(float(seconds)) as clock:
            return await self._run(world, prepared, variables, caller, ask.guard, clock)

    async def _run(
        self,
        world: World,
        prepared: Kept,
        variables: Mapping[str, Any],
        caller: Caller,
        guard: Guard | None,
        clock: asyncio.Timeout | None = None,
    ) -> Reply:
        if isinstance(prepared, Prepared):
            return await self._read(prepared, variables, caller)
        assert isinstance(prepared, PreparedWrite)
        return await self._write(world, prepared, variables, caller, guard, clock)

    async def _read(self, prepared: Prepared, variables: Mapping[str, Any], caller: Caller) -> Reply:
        statement = prepared.statement
        if statement is None:
            return Reply(prepared.frame[0])
        arguments, doubts = texts(prepared, variables, caller)
        await self._prove(statement, arguments, doubts)
        prepared.uses += 1
        row = await self._pool.fetch(statement.text, arguments, prepare=prepared.uses > 1)
        assert row is not None
        is_packed = statement.columns != len(prepared.frame) - 1
        return Reply(framed(prepared.frame, spread(row[0]) if is_packed else row))

    async def _write(
        self,
        world: World,
        prepared: PreparedWrite,
        variables: Mapping[str, Any],
        caller: Caller,
        guard: Guard | None,
        clock: asyncio.Timeout | None,
    ) -> Reply:
        write = bind_write(prepared, variables, caller)
        for statement, arguments, doubts in write.uncertain:
            await self._prove(statement, arguments, doubts)
        prepared.uses += 1
        try:
            written = await run_programs(self._pool, write.programs, world.rules.isolation_level, guard, clock)
        except DRIVER_ERRORS as error:
            if is_lost(error):
                raise Failed(_UNKNOWN) from error
            refusals = self._refusals(world, prepared, variables, caller)
            raise await refusals.of_commit(error) or error from None
        except StepFailed as failed:
            if is_stale(failed.cause):
                raise failed.cause from None
            refusals = self._refusals(world, prepared, variables, caller)
            raise await refusals.of_step(failed) or failed.cause from None
        return Reply(framed(prepared.frame, written.values))

    def _refusals(
        self, world: World, prepared: PreparedWrite, variables: Mapping[str, Any], caller: Caller
    ) -> Refusals:
        role = world.role(caller.role, caller.is_backend)
        return Refusals(
            self._pool, self._checks, world, role.model, prepared, variables, caller, self._settings.development
        )

    async def _prove(
        self, statement: Statement, arguments: Sequence[str | None], doubts: Sequence[tuple[str, Slot]]
    ) -> None:
        """Asks the database about values and patterns that only it can judge."""
        for text, slot in doubts:
            await self._checks.value(text, slot)
        for check in statement.patterns:
            await self._checks.pattern(check.pattern, arguments[check.index] or "", statement.slots[check.index])

    # ------------------------------------------------------------ planning

    async def _prepare(
        self, world: World, document: Document, variables: Mapping[str, Any], caller: Caller, dialect: Dialect
    ) -> Prepared | PreparedWrite:
        role = world.role(caller.role, caller.is_backend)
        schema = role.schema_of(dialect)
        if _asks_about_schema(document.operation):
            # graphql-core may need seconds for a large schema: not on the event loop.
            found = await asyncio.to_thread(read, document.operation, variables, schema, role.reading)
        else:
            found = read(document.operation, variables, schema, role.reading)
        document.learn(found.used, found.by_value)
        if not found.plan.roots:
            return Prepared(None, (b"".join(found.frame),), (), (), ())
        if isinstance(found.plan, WritePlan):
            return await self._prepare_write(found, found.plan, role.model, world.catalog)
        statement = render(permit(found.plan, role.model), world.catalog)
        await self._prove_literals(statement)
        return bound(statement, found.frame)

    async def _prepare_write(self, found: Read, plan: WritePlan, role: RoleModel, catalog: Catalog) -> PreparedWrite:
        permitted = permit_writes(plan, role)
        programs = render_writes(permitted, catalog)
        for program in programs:
            for step in (*program.steps, *program.rechecks):
                await self._prove_literals(step.statement)
        return PreparedWrite(found.frame, tuple(map(prepared_program, programs)), found.rows, permitted)

    async def _prove_literals(self, statement: Statement) -> None:
        for slot in statement.slots:
            if slot.source == "literal" and slot.text is not None and not surely_valid_slot(slot.text, slot):
                await self._checks.value(slot.text, slot)


def _failed(error: Exception) -> Reply:
    match error:
        case Rejected():
            return refusal(error, "refused")
        case UsherError():
            return refusal(error, "executed")
        case RecursionError():
            return refusal(Rejected("the query is nested too deeply", path="$.query"), "refused")
    if isinstance(error, DRIVER_ERRORS):
        return refusal(failure(error), "executed")
    log.error("an answer failed", exc_info=error)
    return refusal(Failed("internal error"), "executed")


def _asks_about_schema(operation: Operation) -> bool:
    return any(
        getattr(getattr(selection, "name", None), "value", "").startswith("__") or not hasattr(selection, "arguments")
        for selection in operation.node.selection_set.selections
    )


async def _new_world(pool: Pool, rules: Rules, settings: EngineSettings, generation: int) -> World:
    connection = await pool.connect()
    try:
        catalog = await read_catalog(connection)
        enum_rows = await _enum_rows(connection, catalog, rules)
    finally:
        await connection.close(timeout=5)
    world = await asyncio.to_thread(World, catalog, rules, enum_rows, settings, generation)
    await prove_rules(world, Checks(pool))
    return world


async def _enum_rows(
    connection: Any, catalog: Catalog, rules: Rules
) -> Mapping[Ident, tuple[tuple[str, str | None], ...]]:
    """The rows of the tables marked is_enum, where they have the shape of one: a text key and at most a comment."""
    found: dict[Ident, tuple[tuple[str, str | None], ...]] = {}
    for ident, table in rules.tables.items():
        relation = catalog.relations.get(ident)
        if not table.is_enum or relation is None or relation.primary_key is None:
            continue
        if len(relation.primary_key.columns) != 1 or len(relation.columns) > 2:
            continue
        value = relation.primary_key.columns[0]
        comment = next((name for name in relation.columns if name != value), None)
        found[ident] = await read_enum_values(connection, ident, value, comment)
    return found
