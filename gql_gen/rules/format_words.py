"""The words that the format's tables share: names, comments, tables and functions as they are written."""

from __future__ import annotations

from typing import Final

from gql_gen.rules.idents import IDENT_PATTERN
from gql_gen.rules.shapes import Either, Key, Record, Text

NAME: Final = Text("a name")
COMMENT: Final = Text("a comment", pattern="")
GRAPHQL_NAME: Final = Text(
    "a GraphQL name: letters, digits and _, not starting with a digit", r"^[_A-Za-z][_0-9A-Za-z]*$"
)
AFFIX: Final = Text("letters, digits and _", r"^[_0-9A-Za-z]*$")
TABLE_TEXT: Final = Text('a table: schema.table, or "schema"."odd.name"', IDENT_PATTERN)
TABLE: Final = Either(
    (
        TABLE_TEXT,
        Record(
            "a table",
            (
                Key("schema", NAME, "the schema; public when absent"),
                Key("name", NAME, "the table's name in the database", required=True),
            ),
        ),
    )
)
FUNCTION_TEXT: Final = Text('a function: schema.function, or "schema"."odd.name"', IDENT_PATTERN)
FUNCTION: Final = Record(
    "a function",
    (
        Key("schema", NAME, "the schema; public when absent"),
        Key("name", NAME, "the function's name in the database", required=True),
    ),
)
COMMENT_ABOUT: Final = 'the description; "" for none, the database\'s when absent'


def chosen_name(title: str) -> Either:
    """A name, and perhaps a comment. A bare text is the name."""
    keys = (Key("name", GRAPHQL_NAME, "the GraphQL name"), Key("comment", COMMENT, 'the description; "" for none'))
    return Either((GRAPHQL_NAME, Record(title, keys)))
