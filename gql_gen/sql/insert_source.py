"""What goes into an insert: the rows given, defaults, presets, and the keys of related rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gql_gen.catalog.types import Column, Relation
from gql_gen.model.predicates import Slot
from gql_gen.model.scalars import JSON_TYPES
from gql_gen.plan.writes import GivenColumn, Insert
from gql_gen.sql.conflict import preset_value
from gql_gen.sql.rows import ORDER, base_type, cast, recordset
from gql_gen.sql.text import Sql, column, ident, join, printed, slot, sql
from gql_gen.sql.verdict import raising
from gql_gen.sql.where import Writer

_INPUT = '"~r"'


@dataclass(frozen=True, slots=True)
class Parent:
    """The rows ours hang on: their image, our columns by theirs, and where our rows name theirs. `is_above`: all our
    rows hang on one; otherwise some may refer to none."""

    images: tuple[Slot, ...]
    on: tuple[tuple[str, str], ...]
    """(their column, our column)."""
    key: str
    is_above: bool


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of one insert. `complete`: every value is worked out before the insert, so that rows can be found again
    by their key. `gate`: there are no rows where this image is empty."""

    node: Insert
    table: Relation
    writer: Writer
    parents: tuple[Parent, ...]
    complete: bool
    gate: Slot | None

    def values(self) -> dict[str, Sql]:
        """The columns written and what goes into each."""
        node = self.node
        values = {given.column: self._given(given) for given in node.columns}
        for index, parent in enumerate(self.parents):
            for theirs, ours in parent.on:
                values[ours] = self._linked(index, parent, theirs, ours, values.get(ours))
        for preset in node.presets:
            values[preset.column] = preset_value(preset)
        if self.complete:
            for own in self._insertable():
                values.setdefault(own.name, self._default(own))
        if not values:
            filler = self._filler()
            values[filler.name] = self._default(filler)
        return values

    def _filler(self) -> Column:
        """A column to write the default into, where rows give nothing at all: an insert names at least one."""
        columns = list(self._insertable())
        return next((own for own in columns if own.identity is None), None) or columns[0]

    def _insertable(self) -> Iterable[Column]:
        return (own for own in self.table.columns.values() if own.updatable and not own.generated)

    def _given(self, given: GivenColumn) -> Sql:
        value = cast(self._read(given.key), base_type(self.table, given.column, self.writer))
        if given.in_every_row:
            return value
        return sql(
            "case when {absent} then {default} else {value} end",
            absent=self._read(f"~{given.key}"),
            default=self._default(self.table.columns[given.column]),
            value=value,
        )

    @staticmethod
    def _read(key: str) -> Sql:
        return column(_INPUT, key)

    def _linked(self, index: int, parent: Parent, theirs: str, ours: str, other: Sql | None) -> Sql:
        value = cast(column(_joined_alias(index), theirs), base_type(self.table, ours, self.writer))
        if parent.is_above:
            return value
        return sql(
            "case when {key} is null then {other} else {value} end",
            key=self._read(parent.key),
            other=other or self._default(self.table.columns[ours]),
            value=value,
        )

    def _default(self, own: Column) -> Sql:
        """What Postgres would put into a column that is not named."""
        if own.default is not None and not own.generated:
            return printed(own.default)
        return cast(sql("null"), base_type(self.table, own.name, self.writer))

    def overriding(self, values: Iterable[str]) -> Sql:
        """Where we take the next number ourselves it must be allowed to stand."""
        is_fixed = any(self.table.columns[name].identity == "always" for name in values)
        return sql(" overriding system value") if is_fixed else Sql(())

    # ------------------------------------------------------------ where it comes from

    def _input(self) -> Sql:
        """The rows given, with their positions."""
        keys: list[Sql] = []
        types: list[Sql] = []
        for given in self.node.columns:
            base = base_type(self.table, given.column, self.writer)
            keys.append(ident(given.key))
            types.append(sql("json") if base in JSON_TYPES else sql("text"))
            if not given.in_every_row:
                keys.append(ident(f"~{given.key}"))
                types.append(sql("bool"))
        for parent in self.parents:
            keys.append(ident(parent.key))
            types.append(sql("int"))
        if not keys:
            keys, types = [ident("~none")], [sql("text")]
        pairs = (sql("{key} {type}", key=key, type=type_) for key, type_ in zip(keys, types, strict=True))
        return sql(
            "rows from (json_to_recordset({rows}) as ({pairs})) with ordinality as {alias}({keys}, {order})",
            rows=slot(self.node.rows),
            pairs=join(", ", pairs),
            alias=Sql((_INPUT,)),
            keys=join(", ", keys),
            order=ORDER,
        )

    def _source(self) -> Sql:
        """The rows given, beside the rows they refer to. A row whose related row was not written stops everything."""
        joins: list[Sql] = []
        tests: list[Sql] = []
        for index, parent in enumerate(self.parents):
            alias = _joined_alias(index)
            names = list(dict.fromkeys(theirs for theirs, _ in parent.on))
            rows = recordset(parent.images, names, [(ORDER, sql("int"))], alias)
            at = self._read(parent.key)
            joins.append(sql(" left join {rows} on {alias}.{o} = {at}", rows=rows, alias=Sql((alias,)), o=ORDER, at=at))
            tests.append(
                sql(
                    "case {gated}when {at} is null or {alias}.{o} is not null then true else {raise} end",
                    gated=Sql(())
                    if self.gate is None
                    else sql("when {image} is null then false ", image=slot(self.gate)),
                    at=at,
                    alias=Sql((alias,)),
                    o=ORDER,
                    **{"raise": raising("missing", index, at)},
                )
            )
        if self.gate is not None:
            tests.append(sql("{image} is not null", image=slot(self.gate)))
        where = sql(" where {tests}", tests=join(" and ", tests)) if tests else Sql(())
        return sql("{input}{joins}{where}", input=self._input(), joins=join("", joins), where=where)

    def rows(self, values: dict[str, Sql]) -> Sql:
        return sql(
            "select {values} from {source} order by {alias}.{o}",
            values=join(", ", values.values()),
            source=self._source(),
            alias=Sql((_INPUT,)),
            o=ORDER,
        )

    def complete_rows(self, values: dict[str, Sql]) -> Sql:
        """Every value worked out before the insert, so that rows can be found again."""
        named = []
        for name, value in values.items():
            typed = cast(value, base_type(self.table, name, self.writer))
            named.append(sql("{value} as {name}", value=typed, name=ident(name)))
        at = sql("{alias}.{o} - 1 as {o}", alias=Sql((_INPUT,)), o=ORDER)
        rows = sql("select {columns} from {source}", columns=join(", ", [at, *named]), source=self._source())
        computed = [
            sql("{value} as {name}", value=printed(own.default), name=ident(own.name))
            for own in self.table.columns.values()
            if own.generated and own.default is not None
        ]
        if not computed:
            return rows
        return sql('select *, {computed} from ({rows}) as "~g"', computed=join(", ", computed), rows=rows)


def _joined_alias(index: int) -> str:
    return f'"~p{index}"'
