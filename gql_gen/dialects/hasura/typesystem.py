"""A role's GraphQL types as plain data, made when first looked at.

Reading a document, introspection and SDL all use these; a graphql-core schema is made from them for the latter two
alone.
Every field carries its `meaning`: what the reader has to do when it meets it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gql_gen.catalog.types import Ident
from gql_gen.dialects.document import ABSENT
from gql_gen.model.operators import OperatorSpec
from gql_gen.model.predicates import ColumnRef, ValueType
from gql_gen.model.types import ComputedField, ConflictTarget, Field, Link, Parameter, Scalar, TrackedFunction
from gql_gen.plan.nodes import AggregateFunction, Direction, Nulls

# ---------------------------------------------------------------- meanings of output fields


@dataclass(frozen=True, slots=True)
class ColumnField:
    field: Field


@dataclass(frozen=True, slots=True)
class LinkField:
    link: Link


@dataclass(frozen=True, slots=True)
class LinkAggregateField:
    link: Link


@dataclass(frozen=True, slots=True)
class ComputedValueField:
    field: ComputedField
    returns: Scalar


@dataclass(frozen=True, slots=True)
class ComputedRowsField:
    """`relation`: whose rows the function returns."""

    field: ComputedField
    relation: Ident


@dataclass(frozen=True, slots=True)
class RootCallField:
    """What a tracked function returns; `is_aggregate`: aggregates over its rows."""

    function: TrackedFunction
    is_aggregate: bool = False


@dataclass(frozen=True, slots=True)
class RootListField:
    relation: Ident


@dataclass(frozen=True, slots=True)
class RootByKeyField:
    relation: Ident
    key: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class RootAggregateField:
    relation: Ident


@dataclass(frozen=True, slots=True)
class RootConnectionField:
    """A page of the rows of a relation, or of those that a tracked function returns."""

    relation: Ident
    function: TrackedFunction | None = None


@dataclass(frozen=True, slots=True)
class RootNodeField:
    """`node`: one row by its global id."""


@dataclass(frozen=True, slots=True)
class LinkConnectionField:
    link: Link


@dataclass(frozen=True, slots=True)
class EdgesField:
    """`edges` of a connection."""


@dataclass(frozen=True, slots=True)
class CursorField:
    """`cursor` of an edge."""


@dataclass(frozen=True, slots=True)
class EdgeNodeField:
    """`node` of an edge."""


@dataclass(frozen=True, slots=True)
class PageInfoField:
    """`pageInfo` of a connection."""


@dataclass(frozen=True, slots=True)
class PageInfoPart:
    part: Literal["next", "previous", "start", "end"]


@dataclass(frozen=True, slots=True)
class GlobalIdField:
    """`id` of a row, told apart by the columns of `key`."""

    relation: Ident
    key: tuple[ColumnRef, ...]


@dataclass(frozen=True, slots=True)
class NamespaceField:
    """All root fields below one field."""


@dataclass(frozen=True, slots=True)
class AggregateField:
    """`aggregate` of `<t>_aggregate`."""


@dataclass(frozen=True, slots=True)
class NodesField:
    relation: Ident


@dataclass(frozen=True, slots=True)
class CountField:
    pass


@dataclass(frozen=True, slots=True)
class FunctionField:
    """`sum`, `avg`, … : an object with a field a column."""

    function: AggregateFunction


@dataclass(frozen=True, slots=True)
class FunctionColumnField:
    function: AggregateFunction
    field: Field
    as_text: bool


@dataclass(frozen=True, slots=True)
class FunctionComputedField:
    """The same over a computed field."""

    function: AggregateFunction
    field: ComputedField
    returns: Scalar
    as_text: bool


@dataclass(frozen=True, slots=True)
class InsertRoot:
    """`insert_<t>` and, with `one`, `insert_<t>_one`."""

    relation: Ident
    one: bool


@dataclass(frozen=True, slots=True)
class UpdateRoot:
    relation: Ident


@dataclass(frozen=True, slots=True)
class UpdateByKeyRoot:
    relation: Ident


@dataclass(frozen=True, slots=True)
class UpdateManyRoot:
    relation: Ident


@dataclass(frozen=True, slots=True)
class DeleteRoot:
    relation: Ident


@dataclass(frozen=True, slots=True)
class DeleteByKeyRoot:
    relation: Ident
    key: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class AffectedRowsField:
    """`affected_rows` of a mutation response."""


@dataclass(frozen=True, slots=True)
class ReturningField:
    """`returning` of a mutation response."""


MutationRoot = InsertRoot | UpdateRoot | UpdateByKeyRoot | UpdateManyRoot | DeleteRoot | DeleteByKeyRoot

OutputMeaning = (
    InsertRoot
    | UpdateRoot
    | UpdateByKeyRoot
    | UpdateManyRoot
    | DeleteRoot
    | DeleteByKeyRoot
    | AffectedRowsField
    | ReturningField
    | ColumnField
    | LinkField
    | LinkAggregateField
    | ComputedValueField
    | ComputedRowsField
    | RootCallField
    | RootListField
    | RootByKeyField
    | RootAggregateField
    | RootConnectionField
    | RootNodeField
    | LinkConnectionField
    | EdgesField
    | CursorField
    | EdgeNodeField
    | PageInfoField
    | PageInfoPart
    | GlobalIdField
    | NamespaceField
    | AggregateField
    | NodesField
    | CountField
    | FunctionField
    | FunctionColumnField
    | FunctionComputedField
)

# ---------------------------------------------------------------- meanings of input fields


@dataclass(frozen=True, slots=True)
class Connective:
    word: Literal["_and", "_or", "_not"]


@dataclass(frozen=True, slots=True)
class FieldInput:
    """A column in a filter or an order."""

    field: Field


@dataclass(frozen=True, slots=True)
class ComputedInput:
    """A computed field of a single value in a filter or an order."""

    field: ComputedField
    returns: Scalar


@dataclass(frozen=True, slots=True)
class ComputedRowsInput:
    """The rows of a computed field in a filter, or aggregates over them in an order."""

    field: ComputedField
    relation: Ident


@dataclass(frozen=True, slots=True)
class LinkInput:
    link: Link


@dataclass(frozen=True, slots=True)
class LinkAggregateInput:
    link: Link


@dataclass(frozen=True, slots=True)
class OperatorInput:
    spec: OperatorSpec
    type: ValueType


@dataclass(frozen=True, slots=True)
class EachInput:
    """`_in` and `_nin` of array columns: one comparison an element, arrays of arrays being no lists of arrays."""

    operator: Literal["_eq", "_neq"]
    type: ValueType


@dataclass(frozen=True, slots=True)
class NullInput:
    """`_is_null`."""


@dataclass(frozen=True, slots=True)
class CastInput:
    """`_cast`, and the target below it."""

    to: Scalar | None = None


@dataclass(frozen=True, slots=True)
class AggregatePredicate:
    function: Literal["count", "bool_and", "bool_or"]


@dataclass(frozen=True, slots=True)
class AggregateOrder:
    """A function below `<link>_aggregate` in an order; count has no columns."""

    function: AggregateFunction


@dataclass(frozen=True, slots=True)
class NestedRowsInput:
    """A relationship in a `<t>_insert_input`: an object `{data, on_conflict}`."""

    link: Link


@dataclass(frozen=True, slots=True)
class RelatedInput:
    """A relationship in a `<t>_related_input`. `is_ours`: our own columns hold its key."""

    link: Link
    is_ours: bool


@dataclass(frozen=True, slots=True)
class CreatedRowsInput:
    """`create` below a relationship of a `<t>_related_input`: rows to insert, or one."""


@dataclass(frozen=True, slots=True)
class ParameterInput:
    """An argument of a function, at its place among the parameters."""

    place: int
    parameter: Parameter


@dataclass(frozen=True, slots=True)
class Plain:
    """An input field whose name says it all, whatever the naming (`arguments`, `predicate`, `filter`, `distinct`;
    `data`, `on_conflict`, `constraint`, `update_columns`, `where`, `return_existing`; `pk_columns`, `_set`, `_inc`, …;
    `connect`, `disconnect`, `set`, `update`, `delete`).
    `word` is that name in snake case, for readers."""

    word: str = ""


InputMeaning = (
    Connective
    | FieldInput
    | ComputedInput
    | ComputedRowsInput
    | LinkInput
    | LinkAggregateInput
    | OperatorInput
    | EachInput
    | NullInput
    | CastInput
    | AggregatePredicate
    | AggregateOrder
    | NestedRowsInput
    | RelatedInput
    | CreatedRowsInput
    | ParameterInput
    | Plain
)

# ---------------------------------------------------------------- types


@dataclass(frozen=True, slots=True)
class ScalarType:
    name: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class EnumMember:
    """`meaning`: a Field for column enums, (direction, nulls) for order_by, a ConflictTarget for `<t>_constraint`, None
    for enum tables and for the placeholder of an empty `<t>_update_column`."""

    meaning: Field | ConflictTarget | tuple[Direction, Nulls | None] | None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class EnumType:
    name: str
    members: Mapping[str, EnumMember]
    description: str | None = None


@dataclass(frozen=True, slots=True)
class InputField:
    """`default` is JSON; where there is one, the field may be left out although its type is not null."""

    name: str
    type: TypeRef
    meaning: InputMeaning
    description: str | None = None
    default: Any = ABSENT


@dataclass(frozen=True, slots=True)
class Argument:
    name: str
    type: TypeRef
    description: str | None = None


@dataclass(frozen=True, slots=True)
class OutputField:
    name: str
    type: TypeRef
    meaning: OutputMeaning
    arguments: Mapping[str, Argument]
    description: str | None = None


class InputObject:
    """An input type whose fields are made on first use, so that types may refer to each other in circles."""

    __slots__ = ("_fields", "_make", "description", "name")

    def __init__(self, name: str, make: Callable[[], Mapping[str, InputField]], description: str | None = None) -> None:
        self.name = name
        self.description = description
        self._make = make
        self._fields: Mapping[str, InputField] | None = None

    @property
    def fields(self) -> Mapping[str, InputField]:
        if self._fields is None:
            self._fields = self._make()
        return self._fields


class ObjectType:
    """An output type whose fields are made on first use. `interfaces` are those it implements."""

    __slots__ = ("_fields", "_make", "description", "interfaces", "name")

    def __init__(
        self,
        name: str,
        make: Callable[[], Mapping[str, OutputField]],
        description: str | None = None,
        interfaces: tuple[InterfaceType, ...] = (),
    ) -> None:
        self.name = name
        self.description = description
        self.interfaces = interfaces
        self._make = make
        self._fields: Mapping[str, OutputField] | None = None

    @property
    def fields(self) -> Mapping[str, OutputField]:
        if self._fields is None:
            self._fields = self._make()
        return self._fields


class InterfaceType(ObjectType):
    """What several output types have in common."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ListOf:
    of: TypeRef


@dataclass(frozen=True, slots=True)
class NonNull:
    of: TypeRef


NamedType = ScalarType | EnumType | InputObject | ObjectType
TypeRef = ScalarType | EnumType | InputObject | ObjectType | ListOf | NonNull


def spelled(ref: TypeRef) -> str:
    """The type as a document would write it: `[users_order_by!]`."""
    match ref:
        case NonNull():
            return spelled(ref.of) + "!"
        case ListOf():
            return f"[{spelled(ref.of)}]"
        case _:
            return ref.name


def named(ref: TypeRef) -> NamedType:
    while isinstance(ref, ListOf | NonNull):
        ref = ref.of
    return ref


def nullable(ref: TypeRef) -> TypeRef:
    return ref.of if isinstance(ref, NonNull) else ref
