"""What a condition says about a row, in SQL's three values: True, False, and None for unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from property.aggregates import count
from property.jsonb import printed
from property.kinds import KEYS, KINDS, LISTS, Kind, compare
from property.predicates import (
    All,
    Any_,
    Both,
    Compare,
    CompareColumns,
    Counted,
    ExistsIn,
    Items,
    Named,
    Not,
    Operand,
    Pred,
    Related,
    Session,
    Test,
)
from property.world import Link, Row, Table, World

Rows = tuple[tuple[Table, Row], ...]
"""The rows in sight, innermost first; the last is the one that the condition stands under."""


@dataclass(frozen=True, slots=True)
class Given:
    """A session variable: what it means and the text that comes with the session."""

    value: Any
    text: str


def conjunction(parts: Iterable[bool | None]) -> bool | None:
    found = list(parts)
    return False if False in found else None if None in found else True


def negation(part: bool | None) -> bool | None:
    return None if part is None else not part


def disjunction(parts: Iterable[bool | None]) -> bool | None:
    return negation(conjunction(map(negation, parts)))


@dataclass(slots=True)
class Truth:
    """One caller in one world: which rows are visible, and what holds of them."""

    world: World
    role: str
    session: Mapping[str, Given]
    _visible: dict[str, tuple[Row, ...]] = field(default_factory=dict)

    def visible(self, table: Table) -> tuple[Row, ...]:
        """The rows that the role's rule lets through."""
        known = self._visible.get(table.name)
        if known is None:
            grant = table.grant(self.role)
            rows = [] if grant is None else table.rows
            rule = None if grant is None else grant.filter
            known = tuple(row for row in rows if rule is not None and self.rule_holds(rule, table, row))
            self._visible[table.name] = known
        return known

    def rule_holds(self, rule: Pred, table: Table, row: Row) -> bool:
        return self._of(rule, ((table, row),), by_rule=True) is True

    def holds(self, where: Pred, table: Table, row: Row) -> bool:
        """A caller's condition: whatever it walks through, it meets visible rows only."""
        return self._of(where, ((table, row),), by_rule=False) is True

    def related(self, link: Link, row: Row, *, by_rule: bool = False) -> Iterator[Row]:
        target = self.world.table(link.table)
        for other in target.rows if by_rule else self.visible(target):
            if all(_joins(target, row[ours], theirs, other) for ours, theirs in link.on):
                yield other

    # ------------------------------------------------------------ conditions

    def _of(self, pred: Pred, rows: Rows, *, by_rule: bool) -> bool | None:
        table, row = rows[0]
        match pred:
            case Both(parts=parts) | All(parts=parts):
                return conjunction(self._of(part, rows, by_rule=by_rule) for part in parts)
            case Any_(parts=parts):
                return disjunction(self._of(part, rows, by_rule=by_rule) for part in parts)
            case Not(part=part):
                return negation(self._of(part, rows, by_rule=by_rule))
            case Named(part=part):
                return self._of(part, rows, by_rule=by_rule)
            case Compare():
                return self._compare(pred, table, row)
            case CompareColumns():
                other_table, other_row = rows[-1] if pred.root else rows[0]
                assert other_table.column(pred.other)
                kind = table.column(pred.column).kind
                return compare(kind, pred.operator.replace("_c", "_"), row[pred.column], other_row[pred.other])
            case ExistsIn():
                target = self.world.table(pred.table)
                return self._some(pred.part, target, target.rows, rows, by_rule=by_rule)
            case Related():
                link = table.link(pred.link)
                related = self.related(link, row, by_rule=by_rule)
                return self._some(pred.part, self.world.table(link.table), related, rows, by_rule=by_rule)
            case Counted():
                return self._counted(pred, table, rows, by_rule=by_rule)
        raise AssertionError(f"no such condition: {pred}")

    def _some(self, part: Pred, table: Table, others: Iterable[Row], rows: Rows, *, by_rule: bool) -> bool:
        return any(self._of(part, ((table, other), *rows), by_rule=by_rule) is True for other in others)

    def _compare(self, pred: Compare, table: Table, row: Row) -> bool | None:
        kind, value = table.column(pred.column).kind, row[pred.column]
        if pred.as_text:
            kind, value = KINDS["text"], None if value is None else printed(value.value)
        return self._passes(pred.tests, kind, value)

    def _passes(self, tests: tuple[Test, ...], kind: Kind, value: Any) -> bool | None:
        return conjunction(self._test(test, kind, value) for test in tests)

    def _test(self, test: Test, kind: Kind, value: Any) -> bool | None:
        if test.operator == "_is_null":
            return (value is None) is self.meaning(test.operand)
        return compare(kind, test.operator, value, self.meaning(test.operand))

    def _counted(self, pred: Counted, table: Table, rows: Rows, *, by_rule: bool) -> bool | None:
        link = table.link(pred.link)
        target = self.world.table(link.table)
        related = [
            other
            for other in self.related(link, rows[0][1], by_rule=by_rule)
            if pred.filter is None or self._of(pred.filter, ((target, other), *rows), by_rule=by_rule) is True
        ]
        if pred.function == "count":
            number = count(target, related, pred.columns, distinct=pred.distinct)
            return self._passes(pred.tests, KINDS["int4"], number)
        known = [other[pred.columns[0]] for other in related if other[pred.columns[0]] is not None]
        gather = all if pred.function == "bool_and" else any
        return self._passes(pred.tests, KINDS["bool"], gather(known) if known else None)

    def meaning(self, operand: Operand) -> Any:
        match operand:
            case Session(name=name):
                return self.session[name].value
            case Items(items=items):
                return tuple(map(self.meaning, items))
            case _:
                return operand.meaning


def _joins(target: Table, ours: Any, their_name: str, other: Row) -> bool:
    return compare(target.column(their_name).kind, "_eq", other[their_name], ours) is True


def operand_kind(kind: Kind, operator: str) -> tuple[Kind, bool]:
    """The kind of an operand's value, and whether it is a list of such."""
    return (KINDS["text"] if operator in KEYS else kind, operator in LISTS)


# ---------------------------------------------------------------- what a condition mentions


def sessions_in(pred: Pred) -> Iterator[str]:
    """Every session variable that a rule needs, whether or not it decides anything."""
    match pred:
        case Both(parts=parts) | All(parts=parts) | Any_(parts=parts):
            for part in parts:
                yield from sessions_in(part)
        case Not(part=part) | Named(part=part) | Related(part=part) | ExistsIn(part=part):
            yield from sessions_in(part)
        case Compare(tests=tests):
            yield from _sessions_in_tests(tests)
        case Counted(filter=filtered, tests=tests):
            yield from _sessions_in_tests(tests)
            if filtered is not None:
                yield from sessions_in(filtered)


def _sessions_in_tests(tests: tuple[Test, ...]) -> Iterator[str]:
    for test in tests:
        operands = test.operand.items if isinstance(test.operand, Items) else (test.operand,)
        yield from (operand.name for operand in operands if isinstance(operand, Session))


def tables_in(pred: Pred, table: Table, world: World) -> Iterator[Table]:
    """Every table that a caller's condition walks through."""
    match pred:
        case Both(parts=parts) | All(parts=parts) | Any_(parts=parts):
            for part in parts:
                yield from tables_in(part, table, world)
        case Not(part=part):
            yield from tables_in(part, table, world)
        case Related(link=link, part=part):
            target = world.table(table.link(link).table)
            yield target
            yield from tables_in(part, target, world)
        case Counted(link=link, filter=filtered):
            target = world.table(table.link(link).table)
            yield target
            if filtered is not None:
                yield from tables_in(filtered, target, world)
