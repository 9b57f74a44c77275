"""The format of what concerns whole operations: functions as roots, roles, limits, collections and the allow list."""

from __future__ import annotations

from typing import Final, get_args

from gql_gen.rules.format_words import COMMENT, COMMENT_ABOUT, GRAPHQL_NAME, NAME, chosen_name
from gql_gen.rules.shapes import Choice, Either, Flag, Key, ListOf, MapOf, Positive, Record, Text, Whole
from gql_gen.rules.types import FunctionRoot

ROLE_NAME: Final = Text("a role's name")

FUNCTION_RULES: Final = Record(
    "a function",
    (
        Key("name", GRAPHQL_NAME, "the name of its root field; further names follow the naming"),
        Key("comment", COMMENT, COMMENT_ABOUT),
        Key(
            "root_fields",
            MapOf(Choice(get_args(FunctionRoot)), chosen_name("a root field")),
            "names and comments of single root fields",
        ),
        Key(
            "exposed_as",
            Choice(("query", "mutation")),
            "where its root field stands; when absent, a mutation where it is volatile, else a query",
        ),
        Key("session_argument", NAME, "the json argument that gets the caller's session variables"),
        Key("permissions", ListOf(ROLE_NAME), "the roles that may call it; see infer_function_permissions when absent"),
    ),
)

RATE: Final = Record(
    "a rate",
    (
        Key("per_minute", Whole(1), "the most requests in one minute", required=True),
        Key(
            "by",
            ListOf(Text("a session variable (X-Hasura-…) or ip", r"^(?:ip|[xX]-[hH][aA][sS][uU][rR][aA]-[\s\S]+)$")),
            "what is counted apart: session variables, or ip; without any, the whole role counts together",
        ),
    ),
)
LIMITS: Final = Record(
    "limits",
    (
        Key("depth", Whole(1), "how deep fields may be nested, fragments expanded"),
        Key("nodes", Whole(1), "the most fields of an operation, fragments expanded"),
        Key("batch", Whole(1), "the most operations of one request"),
        Key("seconds", Positive(), "the longest an operation may take"),
        Key("rows", Whole(), "the most rows of one list"),
        Key("rate", RATE, "the most requests in one minute, and who counts together"),
    ),
)
ROLE: Final = Record(
    "a role",
    (
        Key("inherits", ListOf(ROLE_NAME, at_least_one=True), "roles whose permissions it joins"),
        Key("introspection", Flag(), "whether it may ask for its own schema; true when absent"),
        Key("limits", LIMITS, "limits of its own, each in place of the one at the top"),
    ),
)

QUERY_COLLECTION: Final = MapOf(NAME, Text("an operation in GraphQL"))
ALLOWED: Final = Either((Choice(("*",)), ListOf(ROLE_NAME, at_least_one=True)))
