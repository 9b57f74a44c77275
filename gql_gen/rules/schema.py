"""The JSON Schema of permissions.yaml, printed from the tables that the loader checks by."""

from __future__ import annotations

from typing import Any, Final, assert_never

from gql_gen.rules.expressions import CONNECTIVES, LIST_OPERATORS, OPERATORS
from gql_gen.rules.format import FILE, FRAGMENTS
from gql_gen.rules.shapes import (
    Anything,
    Choice,
    Either,
    Expression,
    Flag,
    Key,
    ListOf,
    MapOf,
    Positive,
    Record,
    Shape,
    Text,
    Whole,
)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def json_schema() -> Schema:
    """The schema of the whole file, draft 2020-12, with descriptions for editors."""
    fragments = {name: _record(shape) for name, shape in FRAGMENTS.items()}
    return {
        "$schema": DIALECT,
        "title": "permissions.yaml",
        "description": "What each role may see and do.",
        **_record(FILE),
        "$defs": fragments | _expression_definitions(),
    }


def _schema(shape: Shape) -> Schema:
    match shape:
        case Text(pattern=pattern):
            return {"type": "string", "pattern": pattern} if pattern else {"type": "string"}
        case Flag():
            return {"type": "boolean"}
        case Whole(at_least=at_least):
            return {"type": "integer", "minimum": at_least}
        case Positive():
            return {"type": "number", "exclusiveMinimum": 0}
        case Choice(values=values):
            return {"enum": list(values)}
        case ListOf(item=item, at_least_one=at_least_one):
            return {"type": "array", "items": _schema(item), "uniqueItems": True, "minItems": int(at_least_one)}
        case MapOf(key=key, value=value, at_least_one=at_least_one):
            names = _schema(key)
            shaped = {"type": "object", "propertyNames": names, "additionalProperties": _schema(value)}
            return {**shaped, "minProperties": int(at_least_one), **_suggested(key, value)}
        case Record():
            name = next((name for name, fragment in FRAGMENTS.items() if fragment is shape), None)
            return _record(shape) if name is None else {"$ref": f"#/$defs/{name}"}
        case Either(options=options):
            return {"anyOf": [_schema(option) for option in options]}
        case Expression():
            return {"$ref": "#/$defs/expression"}
        case Anything():
            return {}
        case _:
            assert_never(shape)


def _suggested(key: Text | Choice, value: Shape) -> Schema:
    """Editors complete what stands under `properties`."""
    return {"properties": {str(name): _schema(value) for name in key.values}} if isinstance(key, Choice) else {}


def _record(shape: Record) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {key.name: _property(key) for key in shape.keys},
        "additionalProperties": False,
    }
    required = [key.name for key in shape.keys if key.required]
    if required:
        schema["required"] = required
    if shape.one_of:
        schema["oneOf"] = [{"required": [name]} for name in shape.one_of]
    return schema


def _property(key: Key) -> Schema:
    return {"description": key.about, **_schema(key.shape)}


def _expression_definitions() -> Schema:
    expression = {"$ref": "#/$defs/expression"}
    conditions = {"$ref": "#/$defs/conditions"}
    several = {"anyOf": [{"type": "array", "items": expression}, conditions, {"type": "string"}]}
    exists: Schema = {
        "type": "object",
        "properties": {"_table": {"type": ["string", "object"]}, "_where": expression},
        "required": ["_table", "_where"],
    }
    connectives = dict(zip(CONNECTIVES, (several, several, expression, exists), strict=True))
    operators = {name: _operand(name) for name in sorted(OPERATORS)}
    return {
        "expression": {
            "description": "Conditions on a row, or the name of a rule.",
            "anyOf": [{"type": "string"}, conditions],
        },
        "conditions": {
            "type": "object",
            "properties": {**connectives, **dict.fromkeys(operators, False)},
            "additionalProperties": {
                "anyOf": [
                    {"type": ["string", "number", "boolean", "null", "array"]},
                    {"$ref": "#/$defs/operators"},
                    conditions,
                ]
            },
        },
        "operators": {
            "type": "object",
            "properties": operators,
            "patternProperties": {r"^\$": {}},
            "additionalProperties": False,
        },
    }


def _operand(name: str) -> Schema:
    if name == "_is_null":
        return {"type": "boolean"}
    if name in LIST_OPERATORS:
        return {"anyOf": [{"type": "array"}, {"type": "string", "pattern": "^[xX]-[hH][aA][sS][uU][rR][aA]-"}]}
    return {}
