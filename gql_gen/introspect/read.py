"""The one reader of catalogues: a connection → Catalog. The question is catalog.sql; here the answer gets names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import asyncpg
import msgspec

from gql_gen.catalog.types import (
    Argument,
    Catalog,
    Column,
    Function,
    Ident,
    PgType,
    Relation,
    UniqueIndex,
)
from gql_gen.introspect.constraints import Constraints, mentioned
from gql_gen.introspect.rows import (
    DELETE,
    FUNCTION_KINDS,
    IDENTITIES,
    INSERT,
    MODES,
    RELATION_KINDS,
    TYPE_KINDS,
    UPDATE,
    VOLATILITIES,
    ColumnRow,
    ConstraintRow,
    FunctionRow,
    IndexRow,
    RelationRow,
    TypeRow,
)
from gql_gen.introspect.views import with_base_defaults

Row = TypeVar("Row")


async def read_catalog(connection: asyncpg.Connection[Any]) -> Catalog:
    """The catalogue as of now, in one snapshot. Of the session's settings only `jit` stays changed."""
    await connection.execute(_statement("session"))
    answer = await connection.fetchrow(_statement("catalog"))
    types = _Types(_section(answer, "types", tuple[TypeRow, ...]))
    sections = _Relations(answer, types)
    relations = sections.all()
    extensions = dict(_section(answer, "extensions", tuple[tuple[str, str], ...]))
    if "citus" in extensions:
        distributed = {record["oid"] for record in await connection.fetch(_statement("distributed"))}
        relations = {oid: replace(relation, is_distributed=oid in distributed) for oid, relation in relations.items()}
    catalog = Catalog(
        relations={relation.ident: relation for relation in relations.values()},
        types={type_.ident: type_ for type_ in types.all()},
        functions=_functions(_section(answer, "functions", tuple[FunctionRow, ...]), types, relations),
        extensions=extensions,
        server_version=answer["server_version"],
        fingerprint="",
    )
    catalog = with_base_defaults(catalog, sections.written_through())
    return replace(catalog, fingerprint=_fingerprint(catalog))


async def read_enum_values(
    connection: asyncpg.Connection[Any], table: Ident, value_column: str, comment_column: str | None
) -> tuple[tuple[str, str | None], ...]:
    """The rows of an enum table: each value with its comment, ordered by value."""
    statement = _statement("enum_values").format(
        table=f"{_quoted(table.schema)}.{_quoted(table.name)}",
        value=_quoted(value_column),
        comment="null" if comment_column is None else _quoted(comment_column),
    )
    return tuple((record["value"], record["comment"]) for record in await connection.fetch(statement))


def _section(answer: asyncpg.Record, name: str, rows: type[tuple[Row, ...]]) -> tuple[Row, ...]:
    text: str | None = answer[name]
    return msgspec.json.decode(text, type=rows) if text is not None else ()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@cache
def _statement(name: str) -> str:
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def _fingerprint(catalog: Catalog) -> str:
    """Over everything in its fixed order; the oids are gone by now."""
    parts = (
        tuple(catalog.relations.values()),
        tuple(catalog.types.values()),
        tuple(catalog.functions.values()),
        catalog.extensions,
        catalog.server_version,
    )
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


# ---------------------------------------------------------------- types


class _Types:
    """The types by oid, while names are being given."""

    def __init__(self, rows: Iterable[TypeRow]) -> None:
        self._rows = {row.oid: row for row in rows}
        self._idents = {row.oid: Ident(row.schema, row.name) for row in self._rows.values()}

    def ident(self, oid: str) -> Ident:
        return self._idents[oid]

    def all(self) -> Iterator[PgType]:
        for row in self._rows.values():
            yield PgType(
                ident=self._idents[row.oid],
                kind=TYPE_KINDS[row.kind],
                base=self._idents[row.base] if row.base else None,
                labels=row.labels,
                attributes=tuple((name, self._idents[oid]) for name, oid in row.attributes),
                has_equality=self._is_comparable(row, ordered=False),
                has_order=self._is_comparable(row, ordered=True),
                array=self._idents[row.array] if row.array else None,
                comment=row.comment,
            )

    def refuses_null(self, oid: str) -> bool:
        """Whether a domain, at any depth, is declared NOT NULL."""
        row = self._rows[oid]
        return row.not_null or (row.kind == "d" and row.base is not None and self.refuses_null(row.base))

    def relation(self, oid: str) -> str | None:
        """The relation whose rows are of this type."""
        return self._rows[oid].relation

    def _is_comparable(self, row: TypeRow, *, ordered: bool) -> bool:
        """Postgres has one class for all arrays, one for all rows: these compare when what they hold compares."""
        match row.kind:
            case "d" | "a":
                return row.base is not None and self._is_comparable(self._rows[row.base], ordered=ordered)
            case "c":
                return all(self._is_comparable(self._rows[oid], ordered=ordered) for _, oid in row.attributes)
            case "e" | "r" | "m":
                return True
            case _:
                return row.has_order if ordered else row.has_equality


# ---------------------------------------------------------------- relations


class _Relations:
    """The sections that belong to relations, each grouped by the relation's oid."""

    def __init__(self, answer: asyncpg.Record, types: _Types) -> None:
        self._types = types
        self._rows = _section(answer, "relations", tuple[RelationRow, ...])
        self._columns = _by_relation(_section(answer, "columns", tuple[ColumnRow, ...]))
        self._constraints = _by_relation(_section(answer, "constraints", tuple[ConstraintRow, ...]))
        self._indexes = _by_relation(_section(answer, "indexes", tuple[IndexRow, ...]))
        self._idents = {row.oid: Ident(row.schema, row.name) for row in self._rows}
        self._names = {
            oid: {column.number: column.name for column in columns} for oid, columns in self._columns.items()
        }

    def all(self) -> dict[str, Relation]:
        """Every relation by its oid, in the order of their names."""
        return {row.oid: self._relation(row) for row in self._rows}

    def written_through(self) -> frozenset[Ident]:
        """The views whose inserts Postgres itself passes on to what lies below."""
        return frozenset(
            self._idents[row.oid] for row in self._rows if row.kind == "v" and row.writes & INSERT and not row.by_hand
        )

    def _relation(self, row: RelationRow) -> Relation:
        own = Constraints(row.oid, self._constraints.get(row.oid, ()), self._names, self._idents)
        return Relation(
            ident=self._idents[row.oid],
            kind=RELATION_KINDS[row.kind],
            columns=self._columns_of(row),
            primary_key=next(own.unique_keys("p"), None),
            unique_keys=tuple(own.unique_keys("u")),
            unique_indexes=tuple(self._unique_index(index) for index in self._indexes.get(row.oid, ())),
            exclusion_constraints=tuple(own.exclusions()),
            check_constraints=tuple(own.checks()),
            foreign_keys=tuple(own.foreign_keys(by_period=False)),
            period_keys=tuple(own.foreign_keys(by_period=True)),
            insertable=bool(row.writes & INSERT),
            updatable=bool(row.writes & UPDATE),
            deletable=bool(row.writes & DELETE),
            comment=row.comment,
            definition=row.definition,
            security_invoker=row.security_invoker,
            is_partition=row.is_partition,
            partition_of=self._idents.get(row.parent or ""),
            row_security=row.row_security,
        )

    def _columns_of(self, row: RelationRow) -> dict[str, Column]:
        # An outer join can put a null where a domain forbids it, so only a table's columns are believed.
        believes_domains = row.kind in ("r", "p", "f")
        columns = self._columns.get(row.oid, ())
        return {
            column.name: self._column(column, position, believes_domains)
            for position, column in enumerate(columns, start=1)
        }

    def _column(self, row: ColumnRow, position: int, believes_domains: bool) -> Column:
        refuses_null = row.not_null or (believes_domains and self._types.refuses_null(row.type))
        return Column(
            name=row.name,
            type=self._types.ident(row.type),
            declared=row.declared,
            nullable=not refuses_null,
            position=position,
            default=row.default,
            identity=IDENTITIES.get(row.identity),
            generated=row.generated,
            updatable=row.updatable,
            comment=row.comment,
        )

    def _unique_index(self, row: IndexRow) -> UniqueIndex:
        names = self._names[row.relation]
        columns = tuple(names.get(number) for number in row.columns)
        return UniqueIndex(row.name, columns, row.expressions, row.predicate, mentioned(row.mentions, names))


OfRelation = TypeVar("OfRelation", ColumnRow, ConstraintRow, IndexRow)


def _by_relation(rows: tuple[OfRelation, ...]) -> dict[str, tuple[OfRelation, ...]]:
    """Rows arrive in the order of their relations, so neighbours belong together."""
    return {oid: tuple(group) for oid, group in groupby(rows, key=attrgetter("relation"))}


# ---------------------------------------------------------------- functions


def _functions(
    rows: tuple[FunctionRow, ...], types: _Types, relations: Mapping[str, Relation]
) -> dict[Ident, tuple[Function, ...]]:
    named = [_function(row, types, relations) for row in rows]
    return {ident: tuple(overloads) for ident, overloads in groupby(named, key=attrgetter("ident"))}


def _function(row: FunctionRow, types: _Types, relations: Mapping[str, Relation]) -> Function:
    relation = relations.get(types.relation(row.returns) or "")
    return Function(
        ident=Ident(row.schema, row.name),
        arguments=tuple(_arguments(row, types)),
        returns=types.ident(row.returns),
        returns_set=row.returns_set,
        returns_relation=relation.ident if relation else None,
        volatility=VOLATILITIES[row.volatility],
        kind=FUNCTION_KINDS[row.kind],
        security_definer=row.security_definer,
        comment=row.comment,
    )


def _arguments(row: FunctionRow, types: _Types) -> Iterator[Argument]:
    """Without modes all are `in`. Defaults belong to the last arguments that a caller gives."""
    modes = [MODES[letter] for letter in row.modes or "i" * len(row.argument_types)]
    names = row.names or ("",) * len(modes)
    given = sum(mode in ("in", "inout", "variadic") for mode in modes)
    for oid, mode, name in zip(row.argument_types, modes, names, strict=True):
        is_given = mode in ("in", "inout", "variadic")
        yield Argument(name, types.ident(oid), mode, has_default=is_given and given <= row.default_count)
        given -= is_given
