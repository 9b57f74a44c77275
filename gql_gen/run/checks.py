"""Arguments are proved before any row is read.

A value that Postgres cannot cast, or a pattern it cannot compile, must always give the same error at the argument's own
path, whatever rows exist: an error that depended on a hidden row would tell of it. Most values are certain by their
form alone; the others are tried on the server once and remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import msgspec

from gql_gen.catalog.types import Ident
from gql_gen.errors import BadRequest, Failed, ParseFailed, UsherError
from gql_gen.model.predicates import Slot, ValueType
from gql_gen.model.tokens import malformed
from gql_gen.model.values import array_literal
from gql_gen.run.failures import UNAVAILABLE
from gql_gen.run.pool import Pool
from gql_gen.sql.operators import Pattern
from gql_gen.sql.session import LIST_ITEMS, cast_check, pattern_check, preset_check

_KEEP = 4_096
_KEEP_LENGTH = 512


class Checks:
    """What the server has accepted before, bounded."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def is_known(self, statement: str, text: str) -> bool:
        key = (statement, text)
        if key not in self._known:
            return False
        self._known.move_to_end(key)
        return True

    async def pattern(self, pattern: Pattern, text: str, slot: Slot) -> None:
        """Raises BadRequest for a malformed pattern."""
        if pattern == "like":
            if _ends_in_escape(text):
                raise BadRequest("LIKE pattern must not end with escape character", path=slot.at)
            return
        statement = pattern_check(pattern)
        if self.is_known(statement, text):
            return
        try:
            await self._pool.fetch(statement, [text])
        except UNAVAILABLE:
            raise
        except asyncpg.PostgresError as error:
            raise BadRequest(_first_line(error), path=slot.at) from None
        self._remember(statement, text)

    async def value(self, text: str, slot: Slot) -> None:
        """Raises the error of a value that is none of its type, naming its path."""
        try:
            await self._value(text, slot.type, slot.at)
        except UsherError as error:
            raise malformed(slot.type, slot.at, error.message) if slot.type.inside is not None else error from None

    async def preset(self, expression: str, type: Ident) -> None:
        """Raises Failed for an SQL preset that can never give a value of the type."""
        try:
            await self._pool.fetch(preset_check(expression, type), [])
        except UNAVAILABLE:
            raise
        except asyncpg.PostgresError as error:
            raise Failed(_first_line(error)) from None

    async def hold(self, texts: Sequence[str], value_type: ValueType) -> bool:
        """Whether Postgres takes all these texts as values of one type that is no array, asked in one statement."""
        statement = cast_check(replace(value_type, is_list=True))
        try:
            await self._pool.fetch(statement, [array_literal(list(texts), value_type)])
        except UNAVAILABLE:
            raise
        except asyncpg.PostgresError:
            return False
        return True

    async def _value(self, text: str, value_type: ValueType, at: str) -> None:
        statement = cast_check(value_type)
        if self.is_known(statement, text):
            return
        try:
            await self._pool.fetch(statement, [text])
        except UNAVAILABLE:
            raise
        except asyncpg.PostgresError as error:
            if value_type.is_list:
                await self._items(text, value_type, at)
            raise _malformed(value_type, error, at) from None
        self._remember(statement, text)

    async def _items(self, text: str, value_type: ValueType, at: str) -> None:
        """Which item of a list it was."""
        try:
            row = await self._pool.fetch(LIST_ITEMS, [text])
        except asyncpg.PostgresError:
            return
        items = msgspec.json.decode(row[0]) if row else []
        for index, item in enumerate(items):
            if isinstance(item, str):
                await self._value(item, replace(value_type, is_list=False), f"{at}[{index}]")

    def _remember(self, statement: str, text: str) -> None:
        if len(text) > _KEEP_LENGTH:
            return
        self._known[(statement, text)] = None
        if len(self._known) > _KEEP:
            self._known.popitem(last=False)


def _ends_in_escape(pattern: str) -> bool:
    return (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 1


def _malformed(value_type: ValueType, error: asyncpg.PostgresError, at: str) -> UsherError:
    if value_type.pg.name == "ltree":
        return ParseFailed(
            "Expecting label path: a sequence of zero or more labels separated by dots, for example L1.L2.L3", path=at
        )
    return Failed(_first_line(error), path=at, code="data-exception")


def _first_line(error: asyncpg.PostgresError) -> str:
    # These statements read no table, so the message speaks of the argument alone.
    return str(error).splitlines()[0]
