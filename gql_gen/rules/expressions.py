"""The boolean expression language of rules → BoolExp. Hasura's words, old spellings (`$eq`, `_ne`) made canonical.

The reader has no catalogue, so it cannot tell a column from a relationship: OnField keeps both readings. What it can
tell, it does: a mapping of operators is never an expression, and a text below a field is a value, never a rule's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, assert_never

from gql_gen.catalog.types import Ident
from gql_gen.rules.faults import Faults, listed, nearest
from gql_gen.rules.idents import parse_ident
from gql_gen.rules.reading import Entry, Keyed, Leaf, Listing, Node, plain
from gql_gen.rules.types import BoolExp, Both, Either, ExistsIn, NamedRule, Negated, OnField, Operator, Value

CONNECTIVES: Final = ("_and", "_or", "_not", "_exists")
COLUMN_OPERATORS: Final = ("_ceq", "_cneq", "_cne", "_cgt", "_clt", "_cgte", "_clte")
LIST_OPERATORS: Final = ("_in", "_nin", "_has_keys_any", "_has_keys_all")
OPERATORS: Final = frozenset(
    (
        *("_eq", "_neq", "_gt", "_gte", "_lt", "_lte", "_is_null", "_cast"),
        *LIST_OPERATORS,
        *COLUMN_OPERATORS,
        *("_like", "_nlike", "_ilike", "_nilike", "_similar", "_nsimilar"),
        *("_regex", "_iregex", "_nregex", "_niregex"),
        *("_contains", "_contained_in", "_has_key"),
        *("_ancestor", "_ancestor_any", "_descendant", "_descendant_any"),
        *("_matches", "_matches_any", "_matches_fulltext"),
    )
)
"""Every operator a rule may use, in canonical spelling. Which column has which is the catalogue's to say."""
POSTGIS_PREFIX: Final = "_st_"
_RENAMED: Final = {"_ne": "_neq", "_cne": "_cneq"}

TableReader = Callable[[Node], Ident | None]


def is_session_variable(value: object) -> bool:
    """Whether a value names a session variable (`X-Hasura-…`, any case)."""
    return isinstance(value, str) and value.lower().startswith("x-hasura-")


def session_name(value: str) -> str:
    """The name under which the caller's variables hold it."""
    return value.lower()


def canonical_word(key: str) -> str:
    """`$eq` → `_eq`, `_ne` → `_neq`; anything that is no word of the language is left alone."""
    word = "_" + key[1:] if key.startswith("$") else key
    word = _RENAMED.get(word, word)
    known = word in OPERATORS or word in CONNECTIVES or word.startswith(POSTGIS_PREFIX)
    return word if known else key


def table_ident(node: Node) -> Ident | None:
    """A table as text (`schema.table`) or as `{schema, name}`; None when it is neither."""
    match plain(node):
        case str() as text:
            return parse_ident(text)
        case {"schema": str() as schema, "name": str() as name, **others} if not others and schema and name:
            return Ident(schema, name)
        case {"name": str() as name, **others} if not others and name:
            return Ident("public", name)
    return None


def read_expression(node: Node, faults: Faults, *, read_table: TableReader = table_ident) -> BoolExp:
    """The expression at `node`. What cannot be read is a fault, and reads as an expression that no row satisfies."""
    return _Reader(faults, read_table).expression(node)


def references(expression: BoolExp) -> Iterator[NamedRule]:
    """Every mention of a named rule, in the order of writing."""
    match expression:
        case NamedRule():
            yield expression
        case Both(parts=parts) | Either(parts=parts):
            for part in parts:
                yield from references(part)
        case Negated(part=below) | ExistsIn(where=below):
            yield from references(below)
        case OnField():
            if expression.nested is not None:
                yield from references(expression.nested)
        case _:
            assert_never(expression)


@dataclass(frozen=True, slots=True)
class _Reader:
    faults: Faults
    read_table: TableReader

    def expression(self, node: Node) -> BoolExp:
        match node:
            case Leaf(json=str() as name, at=at):
                return NamedRule(name, at)
            case Keyed(entries=(entry,)):
                return self.part(entry)
            case Keyed(entries=entries, at=at):
                return Both(tuple(self.part(entry) for entry in entries), at)
        return self.refuse(node, "expected an expression: a mapping such as {id: {_eq: …}}, or the name of a rule")

    def part(self, entry: Entry) -> BoolExp:
        match canonical_word(entry.key):
            case "_and":
                return Both(self.parts(entry.value), entry.at)
            case "_or":
                return Either(self.parts(entry.value), entry.at)
            case "_not":
                return Negated(self.expression(entry.value), entry.at)
            case "_exists":
                return self.exists(entry)
            case word if word in OPERATORS or word.startswith(POSTGIS_PREFIX):
                self.faults.add(entry.at, f'the operator "{word}" needs a column around it: {{column: {{{word}: …}}}}')
                return Either((), entry.at)
        return self.field(entry)

    def parts(self, node: Node) -> tuple[BoolExp, ...]:
        items = node.items if isinstance(node, Listing) else (node,)
        return tuple(self.expression(item) for item in items)

    def exists(self, entry: Entry) -> BoolExp:
        form = "_exists needs exactly {_table: schema.table, _where: expression}"
        body = entry.value
        if not isinstance(body, Keyed):
            return self.refuse(body, form)
        parts = {key.key.replace("$", "_", 1): key.value for key in body.entries}
        if parts.keys() != {"_table", "_where"} or len(body.entries) != 2:
            return self.refuse(body, form)
        where = self.expression(parts["_where"])
        table = self.read_table(parts["_table"])
        if table is None:
            return self.refuse(parts["_table"], "expected a table: schema.table, or {schema: …, name: …}")
        return ExistsIn(table, where, entry.at)

    def field(self, entry: Entry) -> OnField:
        value = entry.value
        if not isinstance(value, Keyed):
            equals = Operator("_eq", Value(plain(value), value.at), value.at)
            return OnField(entry.key, (equals,), None, entry.at)
        if not value.entries:
            return OnField(entry.key, (), Both((), value.at), entry.at)
        if any(_is_operator(key.key) for key in value.entries):
            return OnField(entry.key, self.operators(value), None, entry.at)
        return OnField(entry.key, None, self.expression(value), entry.at)

    def operators(self, body: Keyed) -> tuple[Operator, ...]:
        found: list[Operator] = []
        for entry in body.entries:
            word = canonical_word(entry.key)
            if word.startswith(POSTGIS_PREFIX):
                self.faults.add(entry.at, f'the PostGIS operator "{word}" is not served yet')
            elif word not in OPERATORS:
                hint = nearest(entry.key.replace("$", "_", 1), OPERATORS)
                self.faults.add(entry.at, f'"{entry.key}" stands beside operators but is none', hint)
            else:
                found.append(Operator(word, self.operand(word, entry.value), entry.at))
        return tuple(found)

    def operand(self, word: str, node: Node) -> Value:
        value = plain(node)
        if word == "_cast":
            return Value(self.cast(node), node.at)
        expected = _expected_operand(word, value)
        if expected is not None:
            self.faults.add(node.at, f'"{word}" expects {expected}')
        return Value(value, node.at)

    def cast(self, node: Node) -> Any:
        if not isinstance(node, Keyed) or not all(isinstance(entry.value, Keyed) for entry in node.entries):
            self.faults.add(node.at, '"_cast" expects {type: {operator: value}}')
            return {}
        return {
            entry.key: {operator.name: operator.value.json for operator in self.operators(entry.value)}
            for entry in node.entries
            if isinstance(entry.value, Keyed)
        }

    def refuse(self, node: Node, message: str) -> Either:
        self.faults.add(node.at, message)
        return Either((), node.at)


def _is_operator(key: str) -> bool:
    word = canonical_word(key)
    return word in OPERATORS or word.startswith(POSTGIS_PREFIX)


def _expected_operand(word: str, value: Any) -> str | None:
    """What the operator wanted instead of `value`; None when it is right, as far as can be told without a column."""
    if word == "_is_null" and not isinstance(value, bool):
        return "true or false"
    if word in LIST_OPERATORS and not (isinstance(value, list) or is_session_variable(value)):
        return "a list, or a session variable that holds one"
    if word in COLUMN_OPERATORS and not _is_column_path(value):
        return listed(("a column's name", '["column"]', '["$", "column"] for a column of the table itself'))
    return None


def _is_column_path(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(step, str) for step in value)
    return isinstance(value, str)
