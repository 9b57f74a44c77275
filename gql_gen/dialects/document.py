"""Shared by the GraphQL dialects: text → one operation with fragments, variables and directives understood.

Everything here is linear in the text: brackets are counted before parsing, the parser stops at a number of tokens, and
fields are counted while fragments are expanded, each fragment once per selection set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from graphql import GraphQLError
from graphql.language import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListTypeNode,
    ListValueNode,
    NonNullTypeNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    TypeNode,
    ValueNode,
    VariableNode,
    parse,
    print_ast,
)

from gql_gen.errors import Rejected
from gql_gen.model.values import describe

ABSENT: Any = object()
"""A variable that was not sent and has no default."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one operation may be at most. `introspection` False: it may not ask about the schema."""

    max_depth: int = 100
    max_tokens: int = 15_000
    max_query_bytes: int = 262_144
    max_fields: int = 2_000
    introspection: bool = True


@dataclass(frozen=True, slots=True)
class VariableDefinition:
    """`type` as written (`[uuid!]!`); `default` is JSON, ABSENT when there is none."""

    name: str
    type: str
    is_required: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, ready to be read many times."""

    kind: OperationType
    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, VariableDefinition]

    def coerce(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Variables with defaults filled in; those neither given nor defaulted are missing from the result."""
        if not self.variables:
            return given
        found: dict[str, Any] = {}
        for name, definition in self.variables.items():
            value = given.get(name, ABSENT)
            if value is ABSENT:
                if definition.default is not ABSENT:
                    found[name] = definition.default
                elif definition.is_required:
                    raise Rejected(f'expecting a value for non-nullable variable: "{name}"', path="$.variableValues")
            elif value is None and definition.is_required:
                raise Rejected(f'null value found for non-nullable type: "{definition.type}"')
            else:
                found[name] = value
        return found


_TOKEN = re.compile(
    r"""
      \"{3}(?:[^"\\]|\\\"{3}|\\|"(?!""))*(?:\"{3})?   # a block string
    | "(?:[^"\\\n\r]|\\[^\n\r])*"?                    # a string
    | \#[^\n\r]*                                       # a comment
    | [_A-Za-z][_0-9A-Za-z]*
    | -?[0-9][0-9.eE+-]*
    | \.{3}
    | [!$&:=@|{}()\[\]]
    """,
    re.VERBOSE,
)
"""Closing quotes are optional: a string without one would fail at its first quote, and the scan would begin again at
each quote inside it, a quadratic crawl. The parser refuses it anyway."""


def check_size(text: str, limits: Limits) -> None:
    """Refuses what is too long, has too many tokens or is too deep by one linear scan, before anything is parsed."""
    if len(text) > limits.max_query_bytes or len(text.encode("utf-8", "surrogatepass")) > limits.max_query_bytes:
        raise Rejected(f"the query is longer than {limits.max_query_bytes} bytes", path="$.query")
    depth = tokens = 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        tokens += mark != "#"
        if tokens > limits.max_tokens:
            raise Rejected(f"the query has more than {limits.max_tokens} tokens", path="$.query")
        if mark in "{([":
            depth += 1
            if depth > limits.max_depth:
                raise Rejected(f"the query is nested deeper than {limits.max_depth} levels", path="$.query")
        elif mark in "})]":
            depth -= 1


def read_operation(text: str, name: str | None, limits: Limits) -> Operation:
    """Parses and picks the operation. Raises Rejected with Hasura's wording."""
    check_size(text, limits)
    try:
        document = parse(text, no_location=True, max_tokens=limits.max_tokens)
    except (GraphQLError, RecursionError):
        raise Rejected("not a valid graphql query", path="$.query") from None
    node, fragments = _pick(document, name)
    return Operation(node.operation, node, fragments, _variables(node))


def _pick(
    document: DocumentNode, name: str | None
) -> tuple[OperationDefinitionNode, Mapping[str, FragmentDefinitionNode]]:
    operations: list[OperationDefinitionNode] = []
    fragments: dict[str, FragmentDefinitionNode] = {}
    for definition in document.definitions:
        match definition:
            case OperationDefinitionNode():
                operations.append(definition)
            case FragmentDefinitionNode():
                if definition.name.value in fragments:
                    raise Rejected(f"multiple definitions for fragment '{definition.name.value}'", path="$.query")
                _no_directives(definition.directives, "a fragment definition")
                fragments[definition.name.value] = definition
            case _:
                raise Rejected("not a valid graphql query", path="$.query")
    return _named(operations, name), fragments


def _named(operations: list[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    names = [operation.name.value for operation in operations if operation.name]
    if len(set(names)) != len(names):
        raise Rejected("operation names must be unique", path="$.query")
    if len(operations) > 1 and len(names) != len(operations):
        raise Rejected("an anonymous operation must be the only one in a query document", path="$.query")
    if name:
        for operation in operations:
            if operation.name and operation.name.value == name:
                return operation
        raise Rejected(f'no such operation found in the document: "{name}"')
    if len(operations) == 1:
        return operations[0]
    if not operations:
        raise Rejected("exactly one operation has to be present in the document when operationName is not specified")
    raise Rejected("exactly one operation has to be present in the document when operationName is not specified")


def _variables(node: OperationDefinitionNode) -> Mapping[str, VariableDefinition]:
    found: dict[str, VariableDefinition] = {}
    for definition in node.variable_definitions or ():
        name = definition.variable.name.value
        if name in found:
            raise Rejected(f"multiple definitions for variable '{name}'")
        _no_directives(definition.directives, "a variable definition")
        is_required = isinstance(definition.type, NonNullTypeNode)
        default = ABSENT
        if definition.default_value is not None:
            default = constant(definition.default_value)
            if default is None and is_required:
                raise Rejected(f'null value found for non-nullable type: "{type_text(definition.type)}"')
        found[name] = VariableDefinition(name, type_text(definition.type), is_required, default)
    return found


def _no_directives(directives: Sequence[DirectiveNode] | None, where: str) -> None:
    for directive in directives or ():
        raise Rejected(f"directive '{directive.name.value}' is not allowed on {where}", path="$.query")


def type_text(node: TypeNode) -> str:
    match node:
        case NonNullTypeNode():
            return type_text(node.type) + "!"
        case ListTypeNode():
            return f"[{type_text(node.type)}]"
        case _:
            return print_ast(node)


def constant(node: ValueNode) -> Any:
    """A literal without variables as JSON; numbers keep their digits."""
    return to_json(node, None)


def to_json(node: ValueNode, variables: Mapping[str, Any] | None) -> Any:
    """A literal as JSON, variables inside it replaced by their values (None when absent)."""
    match node:
        case NullValueNode():
            return None
        case BooleanValueNode():
            return node.value
        case IntValueNode():
            return _integer(node.value)
        case FloatValueNode():
            return _decimal(node.value)
        case StringValueNode():
            return node.value
        case EnumValueNode():
            return node.value
        case ListValueNode():
            return [to_json(item, variables) for item in node.values]
        case ObjectValueNode():
            return {item.name.value: to_json(item.value, variables) for item in node.fields}
        case VariableNode():
            if variables is None:
                raise Rejected("a variable is not allowed in a constant")
            return variables.get(node.name.value)
        case _:
            raise Rejected("not a valid graphql query", path="$.query")


_MAX_DIGITS = 4_000


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise Rejected(f"a number has more than {_MAX_DIGITS} digits", path="$.query")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > _MAX_DIGITS:
        raise Rejected(f"a number has more than {_MAX_DIGITS} digits", path="$.query")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Rejected("not a valid number", path="$.query") from None


# ---------------------------------------------------------------- selection sets


@dataclass(slots=True)
class Collected:
    """Selections under one response key: the first decides name, arguments and path, all contribute sub-selections.
    `inside` names the fragments the deepest of them stands in, so that cycles are found where they close."""

    key: str
    path: str
    first: FieldNode
    nodes: list[FieldNode]
    inside: tuple[str, ...]
    signature: str | None = None

    @property
    def name(self) -> str:
        return self.first.name.value


class Expander:
    """Expands fragments and merges fields of one operation, counting what it meets."""

    def __init__(self, operation: Operation, variables: Mapping[str, Any], limits: Limits) -> None:
        self._fragments = operation.fragments
        self._declared = operation.variables
        self.variables = variables
        self._left = limits.max_fields
        self._limit = limits.max_fields
        self._spreads = 0

    def fields(
        self,
        sets: Sequence[SelectionSetNode],
        inside: tuple[str, ...],
        type_name: str,
        path: str,
        interfaces: tuple[str, ...] = (),
    ) -> Iterable[Collected]:
        """Merged fields in the order of first appearance. Fragments on other types, and interfaces, are dropped, unless
        `type_name` is empty: then all count."""
        found: dict[str, Collected] = {}
        visited: set[str] = set()
        types = (type_name, *interfaces)
        for selection_set in sets:
            self._collect(selection_set, inside, types, path + ".selectionSet", found, visited)
        return found.values()

    def _collect(
        self,
        selection_set: SelectionSetNode,
        inside: tuple[str, ...],
        types: tuple[str, ...],
        path: str,
        found: dict[str, Collected],
        visited: set[str],
    ) -> None:
        _not_empty(selection_set)
        for selection in selection_set.selections:
            match selection:
                case FieldNode():
                    if self.included(selection.directives, path, "a field"):
                        self._count()
                        self._merge(selection, inside, path, found)
                case FragmentSpreadNode():
                    if self.included(selection.directives, path, "a fragment spread"):
                        self._spread(selection, inside, types, path, found, visited)
                case InlineFragmentNode():
                    if self.included(selection.directives, path, "an inline fragment") and self._applies(
                        selection.type_condition.name.value if selection.type_condition else types[0], types
                    ):
                        self._collect(selection.selection_set, inside, types, path, found, visited)

    def _spread(
        self,
        spread: FragmentSpreadNode,
        inside: tuple[str, ...],
        types: tuple[str, ...],
        path: str,
        found: dict[str, Collected],
        visited: set[str],
    ) -> None:
        name = spread.name.value
        fragment = self._fragments.get(name)
        if fragment is None:
            raise Rejected(f"reference to undefined fragment '{name}'", path=f"{path}.{name}")
        if name in inside:
            raise circular(inside[inside.index(name) :], path)
        self._spreads += 1
        if self._spreads > self._limit * 4:
            self._too_many()
        if name in visited:
            return
        visited.add(name)
        if self._applies(fragment.type_condition.name.value, types):
            within = f"{path}.{name}.selectionSet"
            self._collect(fragment.selection_set, (*inside, name), types, within, found, visited)

    @staticmethod
    def _applies(condition: str, types: tuple[str, ...]) -> bool:
        return not types[0] or condition in types

    def _merge(
        self,
        node: FieldNode,
        inside: tuple[str, ...],
        path: str,
        found: dict[str, Collected],
    ) -> None:
        key = node.alias.value if node.alias else node.name.value
        if node.selection_set is not None:
            # Told before the field's arguments are looked at: the document is no GraphQL at all.
            _not_empty(node.selection_set)
        collected = found.get(key)
        if collected is None:
            found[key] = Collected(key, f"{path}.{node.name.value}", node, [node], inside)
            return
        if collected.name != node.name.value:
            raise Rejected(
                f"selection of both '{collected.name}' and '{node.name.value}' specify the same response name, '{key}'",
                path=path,
            )
        if collected.signature is None:
            collected.signature = _signature(collected.first)
        if collected.signature != _signature(node):
            raise Rejected(
                f"inconsistent arguments between multiple selections of field '{node.name.value}'", path=path
            )
        collected.nodes.append(node)
        if len(inside) > len(collected.inside):
            collected.inside = inside

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            self._too_many()

    def _too_many(self) -> NoReturn:
        raise Rejected(f"the query selects more than {self._limit} fields", path="$.query")

    def included(self, directives: tuple[DirectiveNode, ...] | None, path: str, where: str) -> bool:
        """What @skip and @include say. Unknown directives are refused."""
        answer = True
        seen: set[str] = set()
        for directive in directives or ():
            name = directive.name.value
            if name in ("cached", "_multiple_top_level_fields"):
                raise Rejected(f"directive '{name}' is not allowed on {where}", path=path)
            if name not in ("skip", "include"):
                raise Rejected(f"directive '{name}' is not defined in the schema", path=path)
            if name in seen:
                raise Rejected(f"the following directives are used more than once: ['{name}']", path=path)
            seen.add(name)
            value = self._condition(directive, path)
            answer = answer and (value if name == "include" else not value)
        return answer

    def _condition(self, directive: DirectiveNode, path: str) -> bool:
        name = directive.name.value
        arguments = {argument.name.value: argument.value for argument in directive.arguments or ()}
        place = f"{path}.{name}"
        if len(arguments) < len(directive.arguments or ()):
            raise Rejected("argument 'if' is given more than once", path=place)
        if set(arguments) - {"if"}:
            unknown = sorted(set(arguments) - {"if"})[0]
            raise Rejected(f"'{name}' has no argument named '{unknown}'", path=place)
        if "if" not in arguments:
            raise Rejected("missing required field 'if'", path=f"{place}.if")
        node = arguments["if"]
        if isinstance(node, VariableNode):
            self._declared_as(node.name.value, "Boolean!", f"{place}.if")
        value = to_json(node, self.variables)
        if not isinstance(value, bool):
            raise Rejected(f"expected a boolean for type 'Boolean', but found {describe(value)}", path=f"{place}.if")
        return value

    def _declared_as(self, name: str, expected: str, path: str) -> None:
        definition = self._declared.get(name)
        if definition is None:
            raise Rejected(f"unbound variable '{name}'", path=path)
        declared = definition.type
        if declared != expected and not (declared + "!" == expected and definition.default not in (ABSENT, None)):
            raise Rejected(
                f"variable '{name}' is declared as '{declared}', but used where '{expected}' is expected", path=path
            )


def _not_empty(selection_set: SelectionSetNode) -> None:
    if not selection_set.selections:
        raise Rejected("not a valid graphql query", path="$.query")


def circular(names: tuple[str, ...], path: str) -> Rejected:
    """The refusal of fragments that hold one another."""
    together = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    return Rejected(f"the fragment definition(s) {together} form a cycle", path=path)


def _signature(node: FieldNode) -> str:
    """Arguments in a canonical text, equal when the fields may be merged."""
    if not node.arguments:
        return ""
    return "\n".join(sorted(_argument(argument) for argument in node.arguments))


def _argument(argument: ArgumentNode) -> str:
    return print_ast(argument)
