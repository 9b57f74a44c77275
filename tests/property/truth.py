"""What a condition says about a row, in SQL's three values: True, False, and None for unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from property.aggregates import count
from property.calling import rows as called_rows
from property.calling import value as called_value
from property.grants import Granted
from property.jsonb import printed
from property.kinds import KEYS, KINDS, LISTS, Kind, compare
from property.made import Computed, Routine
from property.predicates import (
    All,
    Any_,
    Both,
    Compare,
    CompareColumns,
    CompareMade,
    Counted,
    ExistsIn,
    Given,
    Items,
    MadeRows,
    Named,
    Not,
    Operand,
    Pred,
    Related,
    Session,
    Test,
)
from property.world import Link, Row, Table, World

NOTHING: Mapping[str, Any] = MappingProxyType({})
Rows = tuple[tuple[Table, Row], ...]
"""The rows in sight, innermost first; the last is the one that the condition stands under."""


def conjunction(parts: Iterable[bool | None]) -> bool | None:
    found = list(parts)
    return False if False in found else None if None in found else True


def negation(part: bool | None) -> bool | None:
    return None if part is None else not part


def disjunction(parts: Iterable[bool | None]) -> bool | None:
    found = list(parts)
    return True if True in found else None if None in found else False


@dataclass(slots=True)
class Truth:
    """One caller in one world: which rows are visible, and what holds of them."""

    world: World
    role: str
    session: Mapping[str, Given]
    _visible: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    _veiled: dict[tuple[str, int], tuple[Row, Row]] = field(default_factory=dict)
    """Rows as the caller sees them, each with the row itself, so that no other takes its identity."""

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

    def granted(self, table: Table) -> Granted:
        """What the caller is granted on a table that it may select from."""
        grant = table.grant(self.role)
        assert grant is not None
        return grant

    def counted(self, table: Table, rows: Iterable[Row]) -> list[Row]:
        """Those of the visible rows that aggregates may be made of."""
        grant = self.granted(table)
        rule = grant.aggregate
        assert rule is not None
        return [row for row in rows if rule == grant.filter or self.rule_holds(rule, table, row)]

    def rule_holds(self, rule: Pred, table: Table, row: Row) -> bool:
        return self._of(rule, ((table, row),), by_rule=True) is True

    def holds(self, where: Pred, table: Table, row: Row) -> bool:
        """A caller's condition: whatever it walks through, it meets visible rows only."""
        return self._of(where, ((table, row),), by_rule=False) is True

    def related(self, link: Link, row: Row, *, by_rule: bool = False) -> Iterator[Row]:
        target = self.world.table(link.table)
        pairs = [(target.column(theirs).kind, theirs, row[ours]) for ours, theirs in link.on]
        for other in target.rows if by_rule else self.visible(target):
            if all(compare(kind, "_eq", other[theirs], ours) is True for kind, theirs, ours in pairs):
                yield other

    # ------------------------------------------------------------ cells

    def veiled(self, table: Table, row: Row) -> Row:
        """The row as the caller sees it: without the cells of which no grant says that they can be seen here."""
        found = self._veiled.get((table.name, id(row)))
        if found is None:
            found = self._veiled[table.name, id(row)] = (row, self._without_hidden(table, row))
        return found[1]

    def _without_hidden(self, table: Table, row: Row) -> Row:
        grant = table.grant(self.role)
        if grant is None or len(grant.parts) == 1:
            return row
        guards = ((column.name, grant.guard(column.name)) for column in table.columns if grant.lists(column.name))
        hidden = [name for name, guard in guards if guard is not None and not self.rule_holds(guard, table, row)]
        return {**row, **dict.fromkeys(hidden)} if hidden else row

    def computed(
        self, table: Table, row: Row, field: Computed, given: Mapping[str, Any] = NOTHING, *, chooses: bool = False
    ) -> Any:
        """The value of a computed field; null where no grant says that it can be seen. What `chooses` rows is null for
        those that cannot be seen themselves."""
        grant = self.granted(table)
        guard = grant.computed_guard(field.name) or (grant.filter if chooses else None)
        if guard is not None and not self.rule_holds(guard, table, row):
            return None
        return called_value(self.world, field.routine, table, row, given, self.session)

    def called(self, routine: Routine, row: Row, given: Mapping[str, Any] = NOTHING) -> list[Row]:
        """The rows that a function returns, as far as the caller sees them."""
        table = self.world.table(routine.returns)
        found = called_rows(self.world, routine, row, given, self.session)
        return [each for each in found if any(each is other for other in self.visible(table))]

    # ------------------------------------------------------------ conditions

    def _of(self, pred: Pred, rows: Rows, *, by_rule: bool) -> bool | None:
        table, row = rows[0]
        match pred:
            case Both(parts=parts) | All(parts=parts):
                return conjunction([self._of(part, rows, by_rule=by_rule) for part in parts])
            case Any_(parts=parts):
                return disjunction([self._of(part, rows, by_rule=by_rule) for part in parts])
            case Not(part=part):
                return negation(self._of(part, rows, by_rule=by_rule))
            case Named(part=part):
                return self._of(part, rows, by_rule=by_rule)
            case Compare():
                return self._compare(pred, table, row if by_rule else self.veiled(table, row))
            case CompareMade():
                return self._compare_made(pred, table, row, by_rule=by_rule)
            case MadeRows():
                return self._among_made(pred, rows, by_rule=by_rule)
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

    def _compare_made(self, pred: CompareMade, table: Table, row: Row, *, by_rule: bool) -> bool | None:
        field = table.made(pred.field)
        if by_rule:
            value = called_value(self.world, field.routine, table, row, NOTHING, self.session)
        else:
            value = self.computed(table, row, field, chooses=True)
        return self._passes(pred.tests, KINDS[field.routine.returns], value)

    def _among_made(self, pred: MadeRows, rows: Rows, *, by_rule: bool) -> bool:
        table, row = rows[0]
        routine = table.made(pred.field).routine
        target = self.world.table(routine.returns)
        if by_rule:
            found: Iterable[Row] = called_rows(self.world, routine, row, NOTHING, self.session)
        else:
            found = self.called(routine, row) if self.rule_holds(self.granted(table).filter, table, row) else ()
        return self._some(pred.part, target, found, rows, by_rule=by_rule)

    def _passes(self, tests: tuple[Test, ...], kind: Kind, value: Any) -> bool | None:
        return conjunction([self._test(test, kind, value) for test in tests])

    def _test(self, test: Test, kind: Kind, value: Any) -> bool | None:
        if test.operator == "_is_null":
            return (value is None) is self.meaning(test.operand)
        return compare(kind, test.operator, value, self.meaning(test.operand))

    def _counted(self, pred: Counted, table: Table, rows: Rows, *, by_rule: bool) -> bool | None:
        link = table.link(pred.link)
        target = self.world.table(link.table)
        found = self.related(link, rows[0][1], by_rule=by_rule)
        related = [
            other
            for other in (found if by_rule else self.counted(target, found))
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
        case Not(part=part) | Named(part=part) | Related(part=part) | ExistsIn(part=part) | MadeRows(part=part):
            yield from sessions_in(part)
        case Compare(tests=tests) | CompareMade(tests=tests):
            yield from _sessions_in_tests(tests)
        case Counted(filter=filtered, tests=tests):
            yield from _sessions_in_tests(tests)
            if filtered is not None:
                yield from sessions_in(filtered)


def _sessions_in_tests(tests: tuple[Test, ...]) -> Iterator[str]:
    for test in tests:
        operands = test.operand.items if isinstance(test.operand, Items) else (test.operand,)
        yield from (operand.name for operand in operands if isinstance(operand, Session))
