"""What a function takes → what a caller may give to it."""

from __future__ import annotations

from gql_gen.catalog.types import Argument, Catalog, Function
from gql_gen.model.functions import Unfit, check_scalar
from gql_gen.model.scalars import Names, scalar_of
from gql_gen.model.types import Parameter
from gql_gen.names import is_graphql_name


def parameters_of(
    function: Function, row: int | None, session: int | None, scalars: Names, catalog: Catalog
) -> tuple[Parameter, ...]:
    """The function's parameters in its order; `row` and `session` are the places of those that are not the caller's to
    fill. Raises Unfit for one that cannot be filled, or not be told from another."""
    found: list[Parameter] = []
    nameless = 0
    for place, argument in enumerate(function.arguments):
        if place == row:
            parameter = Parameter("", argument.name or None, argument.type, None, "row", argument.has_default)
        else:
            nameless += not argument.name
            name = argument.name or f"arg_{nameless}"
            parameter = _given(function, name, argument, scalars, catalog, is_session=place == session)
        _check_place(function, parameter, found)
        found.append(parameter)
    return tuple(found)


def _given(
    function: Function, name: str, argument: Argument, scalars: Names, catalog: Catalog, *, is_session: bool
) -> Parameter:
    check_scalar(function, argument.type, f'takes "{name}" as', catalog)
    scalar = scalar_of(argument.type, catalog, scalars)
    return Parameter(
        name,
        argument.name or None,
        argument.type,
        scalar,
        "session" if is_session else "caller",
        argument.has_default,
    )


def _check_place(function: Function, parameter: Parameter, before: list[Parameter]) -> None:
    """What a caller names needs a name of its own; what always goes along needs a way to go along when something
    before it is left out."""
    if parameter.filled_by == "caller":
        if not is_graphql_name(parameter.name):
            raise Unfit(f'{function.ident} has the argument "{parameter.name}", which GraphQL cannot spell')
        if any(other.name == parameter.name for other in before):
            raise Unfit(f'{function.ident} has two arguments that are called "{parameter.name}"')
    elif parameter.sql is None and any(other.has_default and other.filled_by == "caller" for other in before):
        raise Unfit(f"{function.ident} takes the row after arguments with defaults: give that argument a name")
