"""What the functions of a world answer, worked out in Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from property.kinds import KINDS, as_text, compare
from property.made import (
    First,
    Fussy,
    IsMine,
    Joined,
    Keyed,
    Matching,
    Number,
    Raised,
    Routine,
    Total,
    Whoami,
)
from property.predicates import Given, session_name
from property.world import Row, Table, World

Session = Mapping[str, Given]


class Raises(Exception):
    """The function would raise an error."""


def value(
    world: World, routine: Routine, table: Table | None, row: Row, given: Mapping[str, Any], session: Session
) -> Any:
    """The single value that a function returns; None for null."""
    arguments = routine.filled(given)
    match routine.formula:
        case Joined(first=first, second=second):
            separator = arguments.get("separator", ", ")
            return None if separator is None else (row[first] or "") + separator + (row[second] or "")
        case Raised(column=column):
            return _sum(row[column], arguments.get("plus", 1))
        case First(columns=columns):
            values = (row[name] for name in columns)
            return next((each for each in values if each is not None), arguments.get("otherwise"))
        case Number(table=name, on=on):
            return len([*_matching(world.table(name), on, row)])
        case IsMine(column=column):
            assert table is not None
            return _is_told(table, row, column, session)
        case Fussy(column=column, value=bad):
            assert table is not None
            if compare(table.column(column).kind, "_eq", row[column], bad):
                raise Raises
            return row[column]
        case Total():
            return _sum(arguments["first"], arguments["second"])
        case Whoami(kind_name=kind):
            told = session.get(session_name(kind, is_list=False))
            return None if told is None or arguments["given"] is None else f"{arguments['given']}{told.text}"
    raise AssertionError(f"no single value: {routine.formula}")


def rows(world: World, routine: Routine, row: Row, given: Mapping[str, Any], session: Session) -> Iterator[Row]:
    """The rows that a function returns, those that the caller cannot see among them."""
    wanted = routine.filled(given).get("wanted")
    match routine.formula:
        case Keyed(table=name, column=column):
            target = world.table(name)
            yield from (
                each for each in target.rows if compare(target.column(column).kind, "_eq", each[column], wanted)
            )
        case Matching(table=name, on=on, column=column):
            target = world.table(name)
            for each in _matching(target, on, row):
                if column is None or _is_wanted(routine, target, each, column, wanted, session):
                    yield each


def _is_wanted(routine: Routine, target: Table, row: Row, column: str, wanted: Any, session: Session) -> bool:
    if routine.asks_session:
        return _is_told(target, row, column, session) is True
    return wanted is None or compare(target.column(column).kind, "_eq", row[column], wanted) is True


def _is_told(table: Table, row: Row, column: str, session: Session) -> bool | None:
    """Whether the session variable of the column's kind says just this; unknown where either is not there."""
    kind = table.column(column).kind
    told = session.get(session_name(kind.name, is_list=False))
    return None if told is None or row[column] is None else told.text == as_text(kind, row[column])


def _matching(target: Table, on: tuple[tuple[str, str], ...], row: Row) -> Iterator[Row]:
    return (each for each in target.rows if is_match(target, on, each, row))


def is_match(target: Table, on: tuple[tuple[str, str], ...], theirs: Row, ours: Row) -> bool:
    """Whether a row of the target is one of those that the function looks for."""
    return all(compare(target.column(name).kind, "_eq", theirs[name], ours[own]) for own, name in on)


def _sum(left: Any, right: Any) -> Any:
    return None if left is None or right is None else left + right


assert {"text", "int4"} <= set(KINDS)
