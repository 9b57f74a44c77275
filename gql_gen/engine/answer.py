"""Ask + Caller → Reply.

    document  →  dialect.read  →  Plan  →  gate.permit  →  Permitted  →  sql.render  →  Statement  →  run  →  bytes

A known operation skips all but the last: its variables' shape finds the statement, slots are bound, one round trip.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from gql_gen.ask import DocumentAsk, Outcome, Reply
from gql_gen.catalog.types import Catalog, Ident
from gql_gen.dialects.document import Operation, read_operation
from gql_gen.dialects.hasura.envelope import framed, refusal, spread
from gql_gen.dialects.hasura.introspect import sdl
from gql_gen.dialects.hasura.read import read
from gql_gen.engine.binding import quick_binder
from gql_gen.engine.cache import Document, Prepared
from gql_gen.engine.proofs import prove_rules, surely_valid_slot
from gql_gen.engine.settings import EngineSettings
from gql_gen.engine.world import World
from gql_gen.errors import Failed, NotByGet, NotFound, Rejected, UsherError
from gql_gen.gate.permit import permit
from gql_gen.introspect.read import read_catalog, read_enum_values
from gql_gen.model.certainty import surely_valid_list
from gql_gen.model.predicates import Slot
from gql_gen.model.values import encode
from gql_gen.rules.types import Fault, Rules, RulesError
from gql_gen.run.checks import Checks
from gql_gen.run.failures import DRIVER_ERRORS, failure, is_stale
from gql_gen.run.pool import Pool, PoolSettings
from gql_gen.session import Caller
from gql_gen.sql.read import render
from gql_gen.sql.session import PING

log = logging.getLogger("usher.engine")
_REFRESH_SECONDS = 1.0


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

    def sdl(self, role: str) -> str:
        return sdl(self._world.role(role).schema)

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
        document = world.cache.get(caller.role, ask.text, ask.operation)
        if document is None:
            document = Document(read_operation(ask.text, ask.operation, self._limits))
            world.cache.add(caller.role, ask.text, ask.operation, document)
        if ask.read_only and document.operation.kind.value != "query":
            raise NotByGet(f"a {document.operation.kind.value} cannot be sent by GET")
        variables = document.operation.coerce(ask.variables)
        prepared = document.statements.get(document.key(variables))
        if prepared is None:
            prepared = await self._prepare(world, ask, document, variables, caller)
        statement = prepared.statement
        if statement is None:
            return Reply(prepared.frame[0])
        arguments, doubts = _arguments(prepared, variables, caller)
        for text, slot in doubts:
            await self._checks.value(text, slot)
        for check in statement.patterns:
            await self._checks.pattern(check.pattern, arguments[check.index], statement.slots[check.index])
        prepared.uses += 1
        row = await self._pool.fetch(statement.text, arguments, prepare=prepared.uses > 1)
        assert row is not None
        is_packed = statement.columns != len(prepared.frame) - 1
        return Reply(framed(prepared.frame, spread(row[0]) if is_packed else row))

    # ------------------------------------------------------------ planning

    async def _prepare(
        self, world: World, ask: DocumentAsk, document: Document, variables: Mapping[str, Any], caller: Caller
    ) -> Prepared:
        role = world.role(caller.role)
        if _asks_about_schema(document.operation):
            # graphql-core may need seconds for a large schema: not on the event loop.
            found = await asyncio.to_thread(read, document.operation, variables, role.schema, self._limits)
        else:
            found = read(document.operation, variables, role.schema, self._limits)
        document.learn(found.used, found.by_value)
        if not found.plan.roots:
            prepared = Prepared(None, (b"".join(found.frame),), (), (), ())
        else:
            statement = render(permit(found.plan, role.model), world.catalog)
            prepared = _bound(statement, found.frame)
            await self._prove_literals(prepared)
        world.cache.keep(caller.role, ask.text, ask.operation, document.key(variables), prepared)
        return prepared

    async def _prove_literals(self, prepared: Prepared) -> None:
        assert prepared.statement is not None
        for slot in prepared.statement.slots:
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


def _bound(statement: Any, frame: tuple[bytes, ...]) -> Prepared:
    slots = tuple(enumerate(statement.slots))
    return Prepared(
        statement,
        frame,
        tuple(slot.text or "" for _, slot in slots),
        tuple((index, slot, quick_binder(slot.type)) for index, slot in slots if slot.source == "variable"),
        tuple((index, slot, quick_binder(slot.type)) for index, slot in slots if slot.source == "session"),
    )


def _arguments(
    prepared: Prepared, variables: Mapping[str, Any], caller: Caller
) -> tuple[list[str], list[tuple[str, Slot]]]:
    """The text of every slot, and those that only the database can judge."""
    arguments = list(prepared.arguments)
    doubts: list[tuple[str, Slot]] = []
    for index, slot, quick in prepared.variable_slots:
        value: Any = variables
        for key in slot.path:
            value = value[key]
        if quick is not None and (text := quick(value)) is not None:
            arguments[index] = text
            continue
        arguments[index] = text = encode(value, slot.type, slot.at)
        if not (slot.type.bound or surely_valid_slot(text, slot) or surely_valid_list(value, slot.type)):
            doubts.append((text, slot))
    for index, slot, quick in prepared.session_slots:
        arguments[index] = text = _session_value(slot, caller)
        if (quick is None or quick(text) is None) and not surely_valid_slot(text, slot):
            doubts.append((text, slot))
    return arguments, doubts


def _session_value(slot: Slot, caller: Caller) -> str:
    name = str(slot.path[0])
    text = caller.variables.get(name)
    if text is None:
        raise NotFound(f'missing session variable: "{name}"')
    return text


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
