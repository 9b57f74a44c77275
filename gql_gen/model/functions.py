"""Which of the database's functions a rules file means, and whether it can be a field.

What a function may take: the row, JSON with the session's variables where the rules say so, and values that GraphQL has
a scalar for. What it may return: one such value, or a set of a tracked table's rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gql_gen.catalog.types import Catalog, Function, Ident
from gql_gen.model.scalars import JSON_TYPES
from gql_gen.rules.faults import nearest
from gql_gen.rules.types import ComputedFieldRules

_MODES = {
    "variadic": "takes a variadic argument",
    "out": "has an out argument",
    "inout": "has an inout argument",
    "table": "returns a table of its own making",
}


class Unfit(Exception):
    """Why no function can be what the rules say; the message begins with the function."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def called_types(names: Iterable[Ident], catalog: Catalog) -> Iterator[Ident]:
    """The types that calls of these functions may bring into the schema as scalars."""
    for name in names:
        for function in catalog.functions.get(name, ()):
            for type in (*(argument.type for argument in function.arguments), function.returns):
                if _unshown(type, catalog) is None:
                    yield type


def function_of(rules: ComputedFieldRules, row: Ident, catalog: Catalog) -> Function:
    """The function meant: of several by one name the only one that takes the row. Raises Unfit."""
    named = catalog.functions.get(rules.function, ())
    if not named:
        hint = nearest(str(rules.function), map(str, catalog.functions))
        raise Unfit(f"the database has no function {rules.function}", hint)
    fitting = [function for function in named if _takes(function, rules, row)]
    if len(fitting) > 1:
        raise Unfit(f"{rules.function} stands for {len(fitting)} functions that take a row of {row}")
    if not fitting and len(named) > 1:
        raise Unfit(f"none of the {len(named)} functions {rules.function} takes a row of {row}{_as(rules)}")
    found = fitting[0] if fitting else named[0]
    check_kind(found)
    if not fitting:
        _refuse_row(found, rules, row)
    return found


def only_function(ident: Ident, catalog: Catalog) -> Function:
    """The one function of a name. Raises Unfit."""
    named = catalog.functions.get(ident, ())
    if not named:
        raise Unfit(f"the database has no function {ident}", nearest(str(ident), map(str, catalog.functions)))
    if len(named) > 1:
        raise Unfit(f"{ident} stands for {len(named)} functions: only one that is told by its name can be served")
    check_kind(named[0])
    return named[0]


def check_kind(function: Function) -> None:
    """Raises Unfit for procedures, aggregates and the like, and for arguments that no field can have."""
    if function.kind != "function":
        raise Unfit(f"{function.ident} is no plain function: its kind is {function.kind}")
    for argument in function.arguments:
        if argument.mode in _MODES:
            raise Unfit(f"{function.ident} {_MODES[argument.mode]}, which a field cannot have")


def row_place(function: Function, rules: ComputedFieldRules) -> int | None:
    """Where among its arguments the row goes; None when it has no such argument."""
    if rules.table_argument is None:
        return 0 if function.arguments else None
    return _place(function, rules.table_argument)


def session_place(function: Function, name: str | None, row: int | None, catalog: Catalog) -> int | None:
    """Where the session's variables go: the argument `name`; None where the rules name none. Raises Unfit."""
    if name is None:
        return None
    place = _place(function, name)
    if place is None or place == row:
        raise _no_argument(function, name)
    if catalog.base_type(function.arguments[place].type).ident not in JSON_TYPES:
        type = function.arguments[place].type.name
        raise Unfit(f'{function.ident} takes "{name}" as {type}, and session variables are json')
    return place


def check_scalar(function: Function, type: Ident, said: str, catalog: Catalog) -> None:
    """Raises Unfit for a type that GraphQL has no scalar for; `said` is what the function does with it."""
    why = _unshown(type, catalog)
    if why is not None:
        raise Unfit(f"{function.ident} {said} {type.name}, {why}")


# ---------------------------------------------------------------- parts


def _takes(function: Function, rules: ComputedFieldRules, row: Ident) -> bool:
    place = row_place(function, rules)
    return place is not None and function.arguments[place].type == row


def _refuse_row(function: Function, rules: ComputedFieldRules, row: Ident) -> None:
    place = row_place(function, rules)
    if place is not None:
        argument = function.arguments[place]
        said = f'argument "{argument.name}"' if argument.name else f"argument {place + 1}"
        raise Unfit(f"{function.ident} takes no row of {row}: its {said} is of type {argument.type}")
    if rules.table_argument is None:
        raise Unfit(f"{function.ident} takes no row of {row}: it has no arguments")
    raise _no_argument(function, rules.table_argument)


def _no_argument(function: Function, name: str) -> Unfit:
    hint = nearest(name, (argument.name for argument in function.arguments if argument.name))
    return Unfit(f'{function.ident} has no argument "{name}"', hint)


def _place(function: Function, name: str) -> int | None:
    return next((place for place, argument in enumerate(function.arguments) if argument.name == name), None)


def _as(rules: ComputedFieldRules) -> str:
    return " as its first argument" if rules.table_argument is None else f' as its argument "{rules.table_argument}"'


def _unshown(type: Ident, catalog: Catalog) -> str | None:
    """Why GraphQL has no scalar for a type; None when it has one."""
    found = catalog.base_type(type)
    while found.kind == "array" and found.base is not None:
        found = catalog.base_type(found.base)
    if found.kind == "pseudo":
        return "which is no type of a value"
    return "which is a row and no single value" if found.ident in catalog.relations else None
