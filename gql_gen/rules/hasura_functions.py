"""The functions of Hasura's metadata → FunctionRules, and who may call those that list no roles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from gql_gen.catalog.types import Ident
from gql_gen.rules.hasura_desk import Desk, step
from gql_gen.rules.hasura_tables import function_name, table_name
from gql_gen.rules.idents import ident_text
from gql_gen.rules.types import FunctionRoot, FunctionRules, Mark, NameAndComment

Functions = dict[Ident, FunctionRules]


def import_functions(
    source: dict[str, Any], path: str, desk: Desk, at: Mark, tables: Collection[Ident], infer: bool | None
) -> tuple[Functions, bool]:
    """The functions by name, and whether those that only read and list no roles may be called by whoever may select
    what they return. `infer` says so outright; the metadata does not, since in Hasura it is the server's setting."""
    here = step(path, "functions")
    found: Functions = {}
    for value, below in desk.items(source.get("functions"), here):
        function = _function(value, desk, below, at, tables)
        if function is None:
            continue
        if function.ident in found:
            desk.refuse(below, f"the function {ident_text(function.ident)} stands here twice")
        found[function.ident] = function
    return _with_callers(found, infer, desk, here)


def _with_callers(found: Functions, infer: bool | None, desk: Desk, path: str) -> tuple[Functions, bool]:
    queries = [function for function in found.values() if function.exposed_as != "mutation"]
    silent = [function for function in queries if function.permissions is None]
    if infer is not None or not silent:
        return found, bool(infer) and bool(found)
    if len(silent) == len(queries):
        by_default = "may be called by whoever may select their rows, which is Hasura's default"
        desk.notes.append(
            f"{path}: functions that list no roles {by_default}; otherwise import with --no-infer-function-permissions"
        )
        return found, True
    desk.notes.append(
        f"{path}: some functions list their roles, so those that list none may be called by nobody; "
        "otherwise import with --infer-function-permissions"
    )
    return found | {function.ident: replace(function, permissions=()) for function in silent}, False


def _function(value: Any, desk: Desk, path: str, at: Mark, tables: Collection[Ident]) -> FunctionRules | None:
    found = desk.open("a function", value, path)
    ident = function_name(found.get("function"), desk, step(path, "function"))
    here = step(path, "configuration")
    configuration = desk.open("the configuration of a function", found.get("configuration") or {}, here)
    _check_result(configuration.get("response"), desk, step(here, "response"), tables)
    exposed_as = desk.chosen(("query", "mutation"), configuration.get("exposed_as"), step(here, "exposed_as"))
    rules = FunctionRules(
        ident=ident or Ident("", ""),
        at=at,
        name=desk.optional(str, configuration, "custom_name", here),
        comment=desk.optional(str, found, "comment", path),
        root_fields=MappingProxyType(_root_fields(configuration, desk, here, at)),
        exposed_as=cast(Literal["query", "mutation"] | None, exposed_as),
        session_argument=desk.optional(str, configuration, "session_argument", here),
        permissions=_permissions(found.get("permissions"), desk, step(path, "permissions"), at),
    )
    return None if ident is None else rules


def _root_fields(configuration: dict[str, Any], desk: Desk, path: str, at: Mark) -> dict[FunctionRoot, NameAndComment]:
    here = step(path, "custom_root_fields")
    found = desk.open("the root fields of a function", configuration.get("custom_root_fields") or {}, here)
    roots: tuple[FunctionRoot, ...] = get_args(FunctionRoot)
    names = {root: desk.optional(str, found, root, here) for root in roots}
    return {root: NameAndComment(name, None, at) for root, name in names.items() if name is not None}


def _check_result(value: Any, desk: Desk, path: str, tables: Collection[Ident]) -> None:
    """The database says what a function returns, and its rows are that table's. The metadata may only agree: a table
    that is not tracked has no rules, and no other kind of result is known."""
    if value is None:
        return
    found = desk.open("the result of a function", value, path)
    if found.get("type", "table") != "table":
        desk.refuse(step(path, "type"), "expected table: only a function's own table is served")
    elif (table := table_name(found.get("table"), desk, step(path, "table"))) is not None and table not in tables:
        desk.refuse(step(path, "table"), f"the table {ident_text(table)} is not in the metadata")
    else:
        desk.notes.append(f"{path}: replaced by what the database says that the function returns")


def _permissions(value: Any, desk: Desk, path: str, at: Mark) -> tuple[tuple[str, Mark], ...] | None:
    """An empty list is no list in Hasura, which writes none where there is none."""
    opened = [(desk.open("a permission of a function", item, here), here) for item, here in desk.items(value, path)]
    why_not_admin = "admin may call every function and cannot be given permissions"
    roles = (desk.role(found.get("role"), step(here, "role"), why_not_admin) for found, here in opened)
    return tuple((role, at) for role in dict.fromkeys(roles) if role is not None) or None
