"""The one intermediate language: what an ask wants, in SQL names, before and after the gate.

A plan is self-contained: later stages never ask the schema. Fields marked "gate" are None or empty until
`gql_gen.gate.permit` fills them; `gql_gen.sql` refuses anything that did not come through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gql_gen.catalog.types import Ident
from gql_gen.model.calls import Call as Call
from gql_gen.model.predicates import TRUE, ColumnRef, ComputedRef, Pred, Slot, Value, ValueType

Direction = Literal["asc", "desc"]
Nulls = Literal["first", "last"]
AggregateFunction = Literal[
    "count", "sum", "avg", "min", "max", "stddev", "stddev_pop", "stddev_samp", "var_pop", "var_samp", "variance"
]


# ---------------------------------------------------------------- what is shown


@dataclass(frozen=True, slots=True)
class ShowColumn:
    """`as_text` prints numbers as JSON strings (stringify_numeric_types). `json_path` is the `path` argument: keys and
    indexes as one text[] slot; None: the whole value."""

    alias: str
    column: ColumnRef
    as_text: bool = False
    json_path: Slot | None = None


@dataclass(frozen=True, slots=True)
class ShowText:
    """A constant, `__typename` for one."""

    alias: str
    text: str


@dataclass(frozen=True, slots=True)
class ShowLink:
    """Related rows: our `on[i][0]` = theirs `on[i][1]`. An object link is a Select with `single`."""

    alias: str
    on: tuple[tuple[str, str], ...]
    node: Select | Aggregate | Connection


@dataclass(frozen=True, slots=True)
class ShowGlobalId:
    """A token that names the row among all rows of all relations: base64 of `[1, schema, name, …]` and its `key`."""

    alias: str
    relation: Ident
    key: tuple[ColumnRef, ...]


@dataclass(frozen=True, slots=True)
class ShowComputed:
    """A computed field of a single value, `as_text` and `json_path` as for a column."""

    alias: str
    value: ComputedRef
    as_text: bool = False
    json_path: Slot | None = None


@dataclass(frozen=True, slots=True)
class ShowRows:
    """The rows that a computed field makes from the row at hand: a node with `rows`."""

    alias: str
    node: Select


@dataclass(frozen=True, slots=True)
class ShowAggregate:
    """One function over columns or computed values. For `count`, no columns means rows; `distinct` applies to count
    alone."""

    alias: str
    function: AggregateFunction
    columns: tuple[Value, ...]
    distinct: bool = False
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class ShowGroup:
    """A JSON object of further aggregate outputs: `aggregate { … }`, `sum { … }`."""

    alias: str
    parts: tuple[ShowAggregate | ShowGroup | ShowText, ...]


@dataclass(frozen=True, slots=True)
class ShowNodes:
    """The rows of an aggregate field (`nodes`)."""

    alias: str
    show: tuple[Show, ...]


@dataclass(frozen=True, slots=True)
class ShowCursor:
    """The cursor of an edge: base64 of the row's sort keys as JSON."""

    alias: str


@dataclass(frozen=True, slots=True)
class ShowNode:
    """The row of an edge."""

    alias: str
    show: tuple[Show, ...]


@dataclass(frozen=True, slots=True)
class ShowEdges:
    """The rows of a page, each with its cursor."""

    alias: str
    parts: tuple[ShowCursor | ShowNode | ShowText, ...]


@dataclass(frozen=True, slots=True)
class ShowPage:
    """`next` and `previous`: whether there are rows after and before those of the page; `start` and `end`: the cursors
    of its first and its last row, "" when it has none."""

    alias: str
    part: Literal["next", "previous", "start", "end"]


@dataclass(frozen=True, slots=True)
class ShowPageInfo:
    alias: str
    parts: tuple[ShowPage | ShowText, ...]


Show = ShowColumn | ShowText | ShowLink | ShowComputed | ShowRows | ShowGlobalId
AggregateShow = ShowGroup | ShowNodes | ShowText
ConnectionShow = ShowEdges | ShowPageInfo | ShowText


# ---------------------------------------------------------------- order


@dataclass(frozen=True, slots=True)
class Hop:
    """One step from a row to related rows on the way to a sort key, or to the `rows` that a function makes from it.
    `rule` is the target's row rule (gate)."""

    relation: Ident
    on: tuple[tuple[str, str], ...]
    rule: Pred | None = None
    rows: Call | None = None


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column or computed value of the row, of an object relationship (`hops`), or an aggregate over the last hop's
    rows (`function`; count without columns counts rows). Null placement None is Postgres's default for the direction.
    """

    direction: Direction
    nulls: Nulls | None
    column: Value | None
    hops: tuple[Hop, ...] = ()
    function: AggregateFunction | None = None


@dataclass(frozen=True, slots=True)
class CursorKey:
    """A sort key of a connection, and its place in a cursor's JSON. Cursors hold values of `type`."""

    sort: SortKey
    path: tuple[str, ...]
    type: ValueType


# ---------------------------------------------------------------- nodes


@dataclass(frozen=True, slots=True)
class Select:
    """Rows of a relation as a JSON array of objects, or as one object or null when `single`.

    `where` is the caller's; `rule` (gate) the role's row rule; `row_limit` (gate) the role's limit. `rows`: of what a
    function returns, instead of all rows of the relation; they carry the relation's rule all the same."""

    relation: Ident
    show: tuple[Show, ...]
    where: Pred = TRUE
    order: tuple[SortKey, ...] = ()
    distinct: tuple[ColumnRef, ...] = ()
    limit: Slot | None = None
    offset: Slot | None = None
    single: bool = False
    rule: Pred | None = None
    row_limit: int | None = None
    rows: Call | None = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Aggregates and rows over one set of rows: where, order, distinct, limit and offset bound both. `row_limit` (gate)
    bounds the rows of `nodes`, never the aggregates. `rows` as for a select."""

    relation: Ident
    show: tuple[AggregateShow, ...]
    where: Pred = TRUE
    order: tuple[SortKey, ...] = ()
    distinct: tuple[ColumnRef, ...] = ()
    limit: Slot | None = None
    offset: Slot | None = None
    rule: Pred | None = None
    row_limit: int | None = None
    rows: Call | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """A page of the rows of a relation. `order` tells all of them apart: it holds the relation's key.

    `cursor` has a value for each key of the order, or nothing: then the page is one of all rows, else of those after
    the cursor or, with `is_before`, before it. Of these `limit` takes the first or, with `is_last`, the last."""

    relation: Ident
    show: tuple[ConnectionShow, ...]
    order: tuple[CursorKey, ...]
    where: Pred = TRUE
    distinct: tuple[ColumnRef, ...] = ()
    cursor: tuple[Slot, ...] = ()
    is_before: bool = False
    limit: Slot | None = None
    is_last: bool = False
    rule: Pred | None = None
    row_limit: int | None = None
    rows: Call | None = None


@dataclass(frozen=True, slots=True)
class CallValue:
    """A function's single value, `as_text` as for a column."""

    call: Call
    as_text: bool = False


Node = Select | Aggregate | Connection | CallValue


Access = Literal["select", "select_by_pk", "select_aggregate", "call", "call_aggregate", "node"]


@dataclass(frozen=True, slots=True)
class Root:
    """A top-level field: its response key and what fills it. `access` is the right the role needs on the node's
    relation, or on the function of its call; the gate checks it. `node` looks up one row by its key, as a global id
    does, whatever roots the role has."""

    alias: str
    node: Node
    access: Access = "select"


@dataclass(frozen=True, slots=True)
class Plan:
    kind: Literal["read"]
    roots: tuple[Root, ...]
