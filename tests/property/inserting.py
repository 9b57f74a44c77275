"""New rows, with those that hang on them and those that they hang on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from property.constraints import arbiters, computed
from property.expected import Ambiguous
from property.failures import Denied, Reason
from property.statements import State, Statement, Written
from property.truth import Truth
from property.world import Row, Table
from property.writes import Conflict, NestedRows, NewRow, reads_rows

NOT_WRITTEN: tuple[Reason, ...] = ("missing", "constraint", "check", "data")
"""A row that others hang on was left alone. What else is wrong with those others may be told first."""


class Inserting:
    """One root's rows: those they need first, then their own table's, then those that need them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.affected = 0

    def rows(
        self, table: Table, rows: Sequence[NewRow], conflict: Conflict | None, bound: Sequence[dict[str, Any]]
    ) -> list[Written]:
        """`bound`: the values that each row has by what it hangs on."""
        for name in _links(rows, table, "object"):
            self._before(table, name, rows, bound)
        statement = Statement(self.state, self.state.world.table(table.name))
        presets = self._presets(table)
        results = []
        for row, given in zip(rows, bound, strict=True):
            cells = {cell.column: None if cell.value is None else cell.value.meaning for cell in row.cells}
            results.append(self._row(statement, {**cells, **given, **presets}, conflict))
        statement.finish()
        results = self._with_existing(statement.table, results)
        self.affected += sum(result.counts for result in results)
        for name in _links(rows, table, "array"):
            self._after(table, name, rows, results)
        return results

    def _presets(self, table: Table) -> dict[str, Any]:
        rule = table.writes(self.state.role).insert
        assert rule is not None
        return {preset.column: self.state.preset(preset) for preset in rule.presets}

    # ------------------------------------------------------------ related rows

    def _before(self, table: Table, name: str, rows: Sequence[NewRow], bound: Sequence[dict[str, Any]]) -> None:
        link = table.link(name)
        hanging = [(nested, given) for row, given in zip(rows, bound, strict=True) for nested in _nested(row, name)]
        below = [row for nested, _ in hanging for row in nested.rows]
        target = self.state.world.table(link.table)
        results = self.rows(target, below, _conflict(hanging), [{} for _ in below])
        for (_, given), result in zip(hanging, results, strict=True):
            if result.row is None:
                raise Denied(NOT_WRITTEN)
            given |= {ours: result.row[theirs] for ours, theirs in link.on}

    def _after(self, table: Table, name: str, rows: Sequence[NewRow], results: Sequence[Written]) -> None:
        link = table.link(name)
        hanging = [(nested, result) for row, result in zip(rows, results, strict=True) for nested in _nested(row, name)]
        below, bound = [], []
        for nested, result in hanging:
            for row in nested.rows:
                if result.row is None:
                    raise Denied(NOT_WRITTEN)
                below.append(row)
                bound.append({theirs: result.row[ours] for ours, theirs in link.on})
        if below:
            self.rows(self.state.world.table(link.table), below, _conflict(hanging), bound)

    # ------------------------------------------------------------ single rows

    def _row(self, statement: Statement, cells: dict[str, Any], conflict: Conflict | None) -> Written:
        row = statement.new_row(cells)
        if conflict is not None:
            for unique in arbiters(statement.base, conflict.target):
                for existing in statement.with_key(unique, row):
                    if unique.name != conflict.target:
                        raise Ambiguous
                    return self._conflicting(statement, existing, row, conflict)
        rule = statement.table.writes(self.state.role).insert
        assert rule is not None
        statement.collide(row)
        statement.check(rule.check, row)
        statement.put(row)
        return Written(row, "inserted")

    def _conflicting(self, statement: Statement, existing: Row, row: Row, conflict: Conflict) -> Written:
        """`existing` is in the way of `row`."""
        if statement.is_touched(existing):
            if not conflict.update:
                raise Ambiguous
            statement.reasons.add("twice")
            return Written(None, "skipped")
        if not conflict.update:
            return Written(existing if conflict.returns_existing else None, "existing")
        table, truth = statement.table, statement.before
        rule = table.writes(self.state.role).update
        assert rule is not None
        passes = conflict.where is None or truth.holds(conflict.where, table, existing)
        if reads_rows(conflict.where) and not statement.may_read(existing):
            passes = False
        if not (passes and truth.rule_holds(rule.filter, table, existing)):
            return Written(None, "skipped")
        taken = {name: row[name] for name in conflict.update}
        presets = {preset.column: self.state.preset(preset) for preset in rule.presets}
        changed = statement.sound(computed(statement.base, {**existing, **taken, **presets}))
        statement.collide(changed, existing)
        statement.check(rule.check, changed)
        statement.put(changed, existing)
        return Written(changed, "updated")

    def _with_existing(self, table: Table, results: list[Written]) -> list[Written]:
        """Existing rows are given back to those who may see them."""
        if not any(result.how == "existing" and result.row is not None for result in results):
            return results
        truth: Truth = self.state.truth()
        seen = truth.visible(self.state.world.table(table.name))
        hidden = [result.row for result in results if not any(each is result.row for each in seen)]
        return [
            Written(None, "existing")
            if result.how == "existing" and any(row is result.row for row in hidden)
            else result
            for result in results
        ]


def _links(rows: Sequence[NewRow], table: Table, kind: str) -> list[str]:
    """The relationships that rows use; each is written by a statement of its own."""
    names = dict.fromkeys(nested.link for row in rows for nested in row.nested)
    return [name for name in names if table.link(name).kind == kind]


def _nested(row: NewRow, name: str) -> Iterator[NestedRows]:
    return (nested for nested in row.nested if nested.link == name)


def _conflict(hanging: Sequence[tuple[NestedRows, Any]]) -> Conflict | None:
    """Rows of one relationship have the same `on_conflict` here."""
    found = [nested.conflict for nested, _ in hanging if nested.rows]
    assert all(each == found[0] for each in found)
    return found[0] if found else None
