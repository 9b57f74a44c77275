"""Documents by chance: right ones, made from a schema, and the same with one thing made wrong."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from changes import CHANGES, replaced
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    parse,
    print_ast,
)
from graphql.language import parse_value

SCALARS: dict[str, list[str]] = {
    "Int": ["0", "1", "7", "2147483647"],
    "Float": ["0.5", "1"],
    "String": ['"a"', '""', '"x%"'],
    "Boolean": ["true", "false"],
    "bigint": ["9007199254740993", '"12"'],
    "smallint": ["3"],
    "numeric": ["1.5", '"2"'],
    "float8": ["0.25"],
    "uuid": ['"00000000-0000-4000-8000-000000000001"'],
    "date": ['"2024-02-29"'],
    "timestamptz": ['"2024-02-29T10:00:00Z"'],
    "interval": ['"1 day"'],
    "jsonb": ["{a: [1, null]}", "[]", "1", '"a"'],
    "citext": ['"a@b"'],
}
DEEPEST = 3


@dataclass
class Maker:
    """One right document. `depth` bounds relationships; `variables` collects what was declared on the way."""

    schema: GraphQLSchema
    chance: random.Random
    variables: dict[str, tuple[str, str]] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)

    def document(self) -> str:
        assert self.schema.query_type is not None
        selections = self.selections(self.schema.query_type, 0)
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self.variables.items())
        head = f"query q({declared}) " if declared else self.chance.choice(["query q ", "query ", ""])
        return " ".join([head + selections, *self.fragments])

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    # ------------------------------------------------------------ what is selected

    def selections(self, type_: GraphQLObjectType, depth: int) -> str:
        usable = [
            (name, found)
            for name, found in type_.fields.items()
            if depth < DEEPEST or is_leaf_type(get_named_type(found.type))
        ]
        chosen = self.chance.sample(usable, min(len(usable), self.chance.randint(1, 3)))
        parts = [self.field(name, found, depth, f"f{index}") for index, (name, found) in enumerate(chosen)]
        if not parts or self.maybe(0.15):
            parts.append("__typename")
        if depth and self.maybe(0.1):
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {type_.name} {{ {' '.join(parts)} }}")
            parts = [f"...{name}"]
        if self.maybe(0.1):
            parts = [f"... on {type_.name} {{ {' '.join(parts)} }}"]
        return "{ " + " ".join(parts) + " }"

    def field(self, name: str, found: GraphQLField, depth: int, alias: str) -> str:
        arguments = [
            f"{key}: {self.input(argument.type, 0)}"
            for key, argument in found.args.items()
            # Whether distinct_on fits order_by is no question of types.
            if isinstance(argument.type, GraphQLNonNull) or (self.maybe(0.4) and key != "distinct_on" and key != "path")
        ]
        text = f"{alias}: {name}" + (f"({', '.join(arguments)})" if arguments else "")
        if self.maybe(0.08):
            text += f" @{self.chance.choice(['skip(if: false)', 'include(if: true)'])}"
        inner = get_named_type(found.type)
        return f"{text} {self.selections(inner, depth + 1)}" if isinstance(inner, GraphQLObjectType) else text

    # ------------------------------------------------------------ what is given

    def input(self, ref: Any, depth: int) -> str:
        value = self.value(ref, depth)
        if depth < 2 and self.maybe(0.25) and "$" not in value:
            name = f"v{len(self.variables)}"
            self.variables[name] = (str(ref), value)
            return f"${name}"
        return value

    def value(self, ref: Any, depth: int) -> str:
        inner = get_nullable_type(ref)
        match inner:
            case GraphQLList():
                items = [self.input(inner.of_type, depth + 1) for _ in range(self.chance.randint(0, 2))]
                return f"[{', '.join(items)}]"
            case GraphQLEnumType():
                return self.chance.choice([str(value) for value in inner.values])
            case GraphQLScalarType():
                return self.chance.choice(SCALARS[inner.name])
            case GraphQLInputObjectType():
                return self.object(inner, depth)
            case _:
                raise AssertionError(inner)

    def object(self, type_: GraphQLInputObjectType, depth: int) -> str:
        names = [name for name, found in type_.fields.items() if isinstance(found.type, GraphQLNonNull)]
        others = [name for name in type_.fields if name not in names]
        if "aggregate_bool_exp" in type_.name and not names:
            names = [self.chance.choice(others)]
        elif depth < DEEPEST:
            names += self.chance.sample(others, min(len(others), self.chance.randint(0, 2)))
        entries = (f"{name}: {self.input(type_.fields[name].type, depth + 1)}" for name in names)
        return "{" + ", ".join(entries) + "}"


# ---------------------------------------------------------------- one of them


@dataclass(frozen=True)
class Made:
    text: str
    variables: dict[str, Any]
    change: str


def make(schema: GraphQLSchema, seed: int) -> Made:
    """The document of a seed: every fourth is right, the others have one thing wrong, or happen to be right still."""
    chance = random.Random(seed)
    maker = Maker(schema, chance)
    text = maker.document()
    variables = {name: literal for name, (_, literal) in maker.variables.items()}
    change = "nothing"
    if seed % 4:
        document = parse(text, no_location=True)
        chosen = chance.choice(CHANGES)
        if (pair := chosen(document, chance)) is not None:
            text, change = print_ast(replaced(document, *pair)), chosen.__name__
    return Made(
        text, {name: json_of(parse_value(value, no_location=True)) for name, value in variables.items()}, change
    )


def json_of(node: Any) -> Any:
    """A literal as the JSON that a client would send."""
    match node.kind:
        case "list_value":
            return [json_of(item) for item in node.values]
        case "object_value":
            return {item.name.value: json_of(item.value) for item in node.fields}
        case "int_value":
            return int(node.value)
        case "float_value":
            return float(node.value)
        case "null_value":
            return None
        case _:
            return node.value
