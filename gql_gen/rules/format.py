"""The format of permissions.yaml, every key of it once. The loader and the JSON Schema both come from these tables."""

from __future__ import annotations

from typing import Final, get_args

from gql_gen.rules.format_operations import ALLOWED, FUNCTION_RULES, LIMITS, QUERY_COLLECTION, ROLE
from gql_gen.rules.format_words import (
    AFFIX,
    COMMENT,
    COMMENT_ABOUT,
    FUNCTION,
    FUNCTION_TEXT,
    GRAPHQL_NAME,
    NAME,
    TABLE,
    TABLE_TEXT,
    chosen_name,
)
from gql_gen.rules.shapes import Anything, Choice, Either, Expression, Flag, Key, ListOf, MapOf, Record, Text, Whole
from gql_gen.rules.types import IsolationLevel, Naming, QueryRoot, RootField, SubscriptionRoot

VERSION: Final = 1

COLUMN_NAMES: Final = ListOf(Text("a column's name"))
COLUMNS: Final = Either((Choice(("*",)), COLUMN_NAMES))


BY_KEY: Final = Record(
    "a foreign key",
    (
        Key("table", TABLE, "the table that holds the key, when it is the other one"),
        Key("key", Either((NAME, ListOf(NAME, at_least_one=True))), "the column or columns of the key", required=True),
    ),
)
RELATIONSHIP_TARGET: Final = Either((TABLE_TEXT, BY_KEY))
RELATIONSHIP: Final = Record(
    "a relationship",
    (
        Key("object", RELATIONSHIP_TARGET, "one row: a table to go with `on`, or the foreign key"),
        Key("array", RELATIONSHIP_TARGET, "many rows: a table to go with `on`, or the foreign key of the other table"),
        Key("on", MapOf(NAME, NAME, at_least_one=True), "our column → their column, when no foreign key says it"),
        Key("insert_before_parent", Flag(), "whether a nested insert writes the related row first"),
        Key("comment", COMMENT, "the field's description"),
    ),
    one_of=("object", "array"),
)

COMPUTED_FIELD: Final = Record(
    "a computed field",
    (
        Key("function", Either((FUNCTION_TEXT, FUNCTION)), "what computes it from a row", required=True),
        Key("table_argument", NAME, "the argument that gets the row; the first when absent"),
        Key("session_argument", NAME, "the json argument that gets the caller's session variables"),
        Key("comment", COMMENT, 'the description; "" for none, the function\'s own when absent'),
    ),
)

_SET: Final = MapOf(NAME, Anything())
_SET_ABOUT: Final = (
    "column → value set by the rule: a literal, a session variable, {sql: expression} or {json: literal}"
)
_BACKEND_ABOUT: Final = "only for callers with the admin secret who ask for backend-only permissions"
_MESSAGE_ABOUT: Final = "what a caller is told when the check fails"
_RECHECK_ABOUT: Final = "read the row again before the commit, after all triggers, and check once more"

SELECT: Final = Record(
    "a select permission",
    (
        Key("columns", COLUMNS, 'the readable columns, or "*"', required=True),
        Key("filter", Expression(), "which rows; {} for all", required=True),
        Key("limit", Whole(), "the most rows one field returns"),
        Key("allow_aggregations", Flag(), "whether aggregates may be asked for"),
        Key("computed_fields", ListOf(NAME), "the readable computed fields that return a single value"),
        Key("query_root_fields", ListOf(Choice(get_args(QueryRoot))), "the query roots; all when absent"),
        Key(
            "subscription_root_fields",
            ListOf(Choice(get_args(SubscriptionRoot))),
            "the subscription roots; all when absent",
        ),
    ),
)
INSERT: Final = Record(
    "an insert permission",
    (
        Key("columns", COLUMNS, 'the columns a caller may give; "*" when absent'),
        Key("check", Expression(), "what a new row must satisfy; {} for nothing", required=True),
        Key("set", _SET, _SET_ABOUT),
        Key("backend_only", Flag(), _BACKEND_ABOUT),
        Key("recheck", Flag(), _RECHECK_ABOUT),
        Key("message", Text("a message"), _MESSAGE_ABOUT),
    ),
)
UPDATE: Final = Record(
    "an update permission",
    (
        Key("columns", COLUMNS, "the columns a caller may change", required=True),
        Key("filter", Expression(), "which rows may be changed; {} for all", required=True),
        Key("check", Expression(), "what the changed row must satisfy"),
        Key("set", _SET, _SET_ABOUT),
        Key("backend_only", Flag(), _BACKEND_ABOUT),
        Key("recheck", Flag(), _RECHECK_ABOUT),
        Key("message", Text("a message"), _MESSAGE_ABOUT),
    ),
)
DELETE: Final = Record(
    "a delete permission",
    (
        Key("filter", Expression(), "which rows may be deleted; {} for all", required=True),
        Key("backend_only", Flag(), _BACKEND_ABOUT),
        Key("message", Text("a message"), _MESSAGE_ABOUT),
    ),
)
ROLE_PERMISSIONS: Final = Record(
    "a role's permissions",
    (
        Key(
            "select",
            Either((SELECT, ListOf(SELECT, at_least_one=True))),
            "what may be read: one grant, or a list of them",
        ),
        Key("insert", INSERT, "what may be added"),
        Key("update", UPDATE, "what may be changed"),
        Key("delete", DELETE, "what may be deleted"),
    ),
)

TABLE_RULES: Final = Record(
    "a table",
    (
        Key("name", GRAPHQL_NAME, "the GraphQL type's name; root fields follow the naming"),
        Key("comment", COMMENT, COMMENT_ABOUT),
        Key("is_enum", Flag(), "whether its rows are the values of a GraphQL enum"),
        Key("hide", COLUMN_NAMES, "columns that nobody sees, admin included"),
        Key("columns", MapOf(NAME, chosen_name("a column")), "names and comments of single columns"),
        Key(
            "root_fields",
            MapOf(Choice(get_args(RootField)), chosen_name("a root field")),
            "names and comments of single root fields",
        ),
        Key(
            "relationships",
            MapOf(GRAPHQL_NAME, RELATIONSHIP),
            "relationships beside, or named instead of, inferred ones",
        ),
        Key("infer_relationships", Flag(), "whether foreign keys become relationships by themselves; true when absent"),
        Key(
            "computed_fields",
            MapOf(GRAPHQL_NAME, Either((FUNCTION_TEXT, COMPUTED_FIELD))),
            "fields that a function computes from a row",
        ),
        Key(
            "reveal_constraints",
            Either((Choice(("*",)), ListOf(Text("a constraint's name")))),
            'constraints that errors name whatever row it was, or "*"',
        ),
        Key("permissions", MapOf(NAME, ROLE_PERMISSIONS), "what each role may do"),
    ),
)

CUSTOMIZATION: Final = Record(
    "a customization",
    (
        Key(
            "root_fields",
            Record(
                "the customization of root fields",
                (
                    Key("namespace", GRAPHQL_NAME, "one field that holds all root fields"),
                    Key("prefix", AFFIX, "put before every root field's name"),
                    Key("suffix", AFFIX, "put after every root field's name"),
                ),
            ),
            "how root fields are named",
        ),
        Key(
            "type_names",
            Record(
                "the customization of type names",
                (
                    Key("prefix", AFFIX, "put before every type's name"),
                    Key("suffix", AFFIX, "put after every type's name"),
                ),
            ),
            "how types are named",
        ),
    ),
)

FILE: Final = Record(
    "a rules file",
    (
        Key("version", Choice((VERSION,)), "the version of this format", required=True),
        Key("naming", Choice(get_args(Naming)), "how GraphQL names are made from SQL names; nhost when absent"),
        Key("customization", CUSTOMIZATION, "prefixes, suffixes and a namespace for all names"),
        Key("connections", Flag(), "whether lists with cursors stand beside the ordinary lists"),
        Key(
            "ids_show_keys",
            Flag(),
            "whether global ids and cursors hold primary keys also where a role may not select them",
        ),
        Key(
            "isolation_level",
            Choice(get_args(IsolationLevel)),
            "of the transaction of a mutation; read-committed when absent",
        ),
        Key("reveal_constraints", Flag(), "whether errors name every table's constraints, whatever row it was"),
        Key("writes_ignore_select", Flag(), "whether writes may pick, and give back, rows that the select rule hides"),
        Key(
            "infer_function_permissions",
            Flag(),
            "whether a function that only reads, and lists no roles, may be called by whoever may select its rows",
        ),
        Key("limits", LIMITS, "limits of the operations of every role but admin"),
        Key("roles", MapOf(NAME, ROLE), "every role that the permissions use"),
        Key("rules", MapOf(NAME, Expression()), "expressions that are used by name"),
        Key("tables", MapOf(TABLE_TEXT, TABLE_RULES), "the tables that are served"),
        Key("functions", MapOf(FUNCTION_TEXT, FUNCTION_RULES), "the functions that are served as root fields"),
        Key("query_collections", MapOf(NAME, QUERY_COLLECTION), "operations by collection and name"),
        Key(
            "allow_list",
            MapOf(NAME, ALLOWED, at_least_one=True),
            'collection → the roles that may ask its queries, or "*"; roles but admin may ask nothing else',
        ),
    ),
)

FRAGMENTS: Final[dict[str, Record]] = {
    "table_rules": TABLE_RULES,
    "relationship": RELATIONSHIP,
    "computed_field": COMPUTED_FIELD,
    "select_permission": SELECT,
    "role_permissions": ROLE_PERMISSIONS,
    "function_rules": FUNCTION_RULES,
    "limits": LIMITS,
}
"""Shapes that the JSON Schema gives a name."""
