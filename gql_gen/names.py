"""The naming conventions: from SQL names to GraphQL names. Pure functions of strings.

`hasura`            Hasura v2's own names: `author`, `author_by_pk`, `insert_author_one`, `author_bool_exp`.
`graphql-default`   the same words in camel case, types in Pascal case: `authorByPk`, `AuthorBoolExp`.
`nhost`             root fields read as English (`users`, `user`, `insertUser`), columns are camel case,
                    everything else keeps Hasura's names (`users_bool_exp`, `users_stream`).

A table's base name is what its types and root fields are made of: `author` in schema public, `library_author`
elsewhere, in Pascal case under graphql-default; a chosen name is taken as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

import inflection

Naming = Literal["nhost", "hasura", "graphql-default"]

RESERVED_FIELDS = frozenset({"_and", "_or", "_not"})
"""What a filter object means by itself, so no column or relationship can be called it."""

RESERVED_TYPES = frozenset(
    {
        *("Int", "Float", "String", "Boolean", "ID"),
        *("query_root", "mutation_root", "subscription_root"),
        *("order_by", "OrderBy", "cursor_ordering", "CursorOrdering"),
    }
)

AGGREGATES = (*("avg", "max", "min", "stddev", "stddev_pop", "stddev_samp", "sum", "var_pop", "var_samp", "variance"),)

TABLE_SUFFIXES = (
    *("aggregate", "aggregate_fields", "aggregate_bool_exp", "aggregate_order_by", "bool_exp", "order_by"),
    *("select_column", "stream_cursor_input", "stream_cursor_value_input", "constraint", "on_conflict"),
    *("insert_input", "set_input", "inc_input", "append_input", "prepend_input", "delete_at_path_input"),
    *("delete_elem_input", "delete_key_input", "pk_columns_input", "updates", "update_column"),
    *("mutation_response", "arr_rel_insert_input", "obj_rel_insert_input", "related_input", "changes_input"),
    *(f"{aggregate}_fields" for aggregate in AGGREGATES),
    *(f"{aggregate}_order_by" for aggregate in AGGREGATES),
)
"""The types that come with a table's own."""

_NAME = re.compile(r"(?!__)[_A-Za-z][_0-9A-Za-z]*")
_KEY_SUFFIX = re.compile(r"(?<=.)(?:_id|_ID|_Id|Id|ID)$")


def is_graphql_name(name: str) -> bool:
    """True for a name that GraphQL allows users to define: names that begin with `__` are introspection's."""
    return _NAME.fullmatch(name) is not None


def valid_graphql_name(name: str) -> str:
    """The nearest valid name: what cannot stand in one becomes `_`."""
    cleaned = re.sub(r"[^_0-9A-Za-z]", "_", name)
    if cleaned.startswith("__"):
        cleaned = "_" + cleaned.lstrip("_")
    return cleaned if is_graphql_name(cleaned) else f"_{cleaned}"


# ---------------------------------------------------------------- case and number


@lru_cache(maxsize=8192)
def camel(name: str) -> str:
    """`display_name` → `displayName`, `USER_ID` → `userId`. Underscores at either end stay."""
    core = name.strip("_")
    if not core:
        return name
    start = name.index(core)
    if not any(letter.islower() for letter in core):
        core = core.lower()
    first, *rest = [word for word in core.split("_") if word]
    return name[:start] + _lower_first(first) + "".join(map(_upper_first, rest)) + name[start + len(name.strip("_")) :]


def pascal(name: str) -> str:
    """`author_local` → `AuthorLocal`."""
    converted = camel(name)
    start = len(converted) - len(converted.lstrip("_"))
    return converted[:start] + _upper_first(converted[start:])


@lru_cache(maxsize=8192)
def plural(name: str) -> str:
    """The last word in the plural: `user_app` → `user_apps`. A plural stays."""
    return inflection.pluralize(name)


@lru_cache(maxsize=8192)
def singular(name: str) -> str:
    """The last word in the singular: `userApps` → `userApp`. A singular stays."""
    return inflection.singularize(name)


def _upper_first(word: str) -> str:
    return word[:1].upper() + word[1:]


def _lower_first(word: str) -> str:
    return word[:1].lower() + word[1:]


# ---------------------------------------------------------------- tables and root fields


def table_base_name(schema: str, table: str, chosen: str | None, naming: Naming) -> str:
    """What a table's types and root fields are named after."""
    if chosen is not None:
        return chosen
    name = table if schema == "public" else f"{schema}_{table}"
    return pascal(name) if naming == "graphql-default" else name


def root_field_names(base: str, naming: Naming, *, is_chosen: bool = False) -> dict[str, str]:
    """Every root field of a table, keyed as Hasura's metadata keys them (`select`, `select_by_pk`, `insert_one`, …).

    `is_chosen`: the base name was given by hand, so its first letter stays as it is under graphql-default."""
    match naming:
        case "nhost":
            return _nhost_roots(base)
        case "graphql-default":
            return _camel_roots(base if is_chosen else _lower_first(base), _upper_first(base))
        case "hasura":
            return _hasura_roots(base)


def _hasura_roots(base: str) -> dict[str, str]:
    return {
        "select": base,
        "select_by_pk": f"{base}_by_pk",
        "select_aggregate": f"{base}_aggregate",
        "select_stream": f"{base}_stream",
        "insert": f"insert_{base}",
        "insert_one": f"insert_{base}_one",
        "update": f"update_{base}",
        "update_by_pk": f"update_{base}_by_pk",
        "update_many": f"update_{base}_many",
        "delete": f"delete_{base}",
        "delete_by_pk": f"delete_{base}_by_pk",
    }


def _camel_roots(first: str, inner: str) -> dict[str, str]:
    return {
        "select": first,
        "select_by_pk": f"{first}ByPk",
        "select_aggregate": f"{first}Aggregate",
        "select_stream": f"{first}Stream",
        "insert": f"insert{inner}",
        "insert_one": f"insert{inner}One",
        "update": f"update{inner}",
        "update_by_pk": f"update{inner}ByPk",
        "update_many": f"update{inner}Many",
        "delete": f"delete{inner}",
        "delete_by_pk": f"delete{inner}ByPk",
    }


def _nhost_roots(base: str) -> dict[str, str]:
    one, many = camel(singular(base)), camel(plural(base))
    roots = _camel_roots(many, _upper_first(many))
    if one != many:
        inner = _upper_first(one)
        roots |= {
            "select_by_pk": one,
            "insert_one": f"insert{inner}",
            "update_by_pk": f"update{inner}",
            "delete_by_pk": f"delete{inner}",
        }
    return roots | {"select_stream": f"{base}_stream", "update_many": f"update_{base}_many"}


def function_root_names(base: str, naming: Naming, *, is_chosen: bool = False) -> dict[str, str]:
    """The root fields of a function, `base` being what `table_base_name` makes of its name."""
    if naming == "hasura":
        return {"function": base, "function_aggregate": f"{base}_aggregate"}
    first = base if is_chosen else camel(base)
    return {"function": first, "function_aggregate": f"{first}Aggregate"}


# ---------------------------------------------------------------- fields


def column_field_name(column: str, naming: Naming) -> str:
    """The field that shows a column."""
    return column if naming == "hasura" else camel(column)


def aggregate_field_name(link: str, naming: Naming) -> str:
    """The field that aggregates over an array relationship: `members_aggregate`, or `membersAggregate`."""
    return f"{link}Aggregate" if naming == "graphql-default" else f"{link}_aggregate"


def connection_field_name(field: str, naming: Naming, *, is_root: bool = False) -> str:
    """The field that pages through what another one lists: `articles_connection`, or `articlesConnection`, where root
    fields read as those of the same naming do."""
    is_camel = naming == "graphql-default" or (is_root and naming == "nhost")
    return f"{field}Connection" if is_camel else f"{field}_connection"


def argument_name(argument: str, naming: Naming) -> str:
    """A built-in argument or input field: `order_by`, `distinct_on`; camel case under graphql-default."""
    return camel(argument) if naming == "graphql-default" else argument


def enum_value_name(value: str, naming: Naming) -> str:
    """A built-in enum value: `asc_nulls_first`; upper case under graphql-default."""
    return value.upper() if naming == "graphql-default" else value


def joined(words: tuple[str, ...], naming: Naming) -> str:
    """Snake-case words as one field name: `user_by_created_by`, or `userByCreatedBy`."""
    name = "_".join(words)
    return name if naming == "hasura" else camel(name)


def without_key_suffix(column: str) -> str | None:
    """`owner_id`, `ownerId` → `owner`; None when the column does not end as a key does."""
    return _KEY_SUFFIX.sub("", column) if _KEY_SUFFIX.search(column) else None


def without_schema(base: str, schema: str) -> str:
    """A base name as its own schema's tables say it: `auth_user_roles`, `authUserRoles` → `user_roles`, `userRoles`."""
    head, rest = base[: len(schema)], base[len(schema) :]
    if head.lower() != schema.lower() or not rest:
        return base
    if rest.startswith("_"):
        return rest.strip("_") or base
    return _lower_first(rest) if rest[0].isupper() else base


# ---------------------------------------------------------------- types


def type_name(base: str, suffix: str, naming: Naming) -> str:
    """A type that belongs to a table: `users` and `bool_exp` → `users_bool_exp`, or `UsersBoolExp`.

    An empty suffix gives the table's own type. Prefix and suffix of the source come on top, by `with_affixes`."""
    if not suffix:
        return base
    return f"{base}{pascal(suffix)}" if naming == "graphql-default" else f"{base}_{suffix}"


def link_type_name(base: str, link: str, naming: Naming) -> str:
    """What an update writes along a relationship: `users_related_roles_input`, or `UsersRelatedRolesInput`."""
    return f"{base}Related{_upper_first(link)}Input" if naming == "graphql-default" else f"{base}_related_{link}_input"


def scalar_type_name(scalar: str, suffix: str, naming: Naming) -> str:
    """A type that belongs to a scalar: `Int` and `comparison_exp` → `Int_comparison_exp`, or `IntComparisonExp`."""
    return f"{pascal(scalar)}{pascal(suffix)}" if naming == "graphql-default" else f"{scalar}_{suffix}"


def shared_type_name(name: str, naming: Naming) -> str:
    """A type that belongs to no table and no scalar: `order_by`, `cursor_ordering`. The root types keep their names."""
    return pascal(name) if naming == "graphql-default" and not name.endswith("_root") else name


def with_affixes(name: str, prefix: str, suffix: str, naming: Naming) -> str:
    """A root field or type name with its source's prefix and suffix, joined as the naming joins words."""
    if naming != "graphql-default":
        return f"{prefix}{name}{suffix}"
    return f"{prefix}{_upper_first(name) if prefix else name}{_upper_first(suffix)}"
