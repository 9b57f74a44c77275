"""What a mutation must do to a database and what it must answer, worked out row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from property.assigning import assigned
from property.constraints import arbiters, computed
from property.expected import Ambiguous, Rows, Tied
from property.failures import Denied, Reason, Refusal
from property.kinds import compare
from property.oracle import Oracle, merged
from property.predicates import Pred, Value
from property.queries import Item, Operation, Typename
from property.statements import Numbers, State, Statement, Written, delete_rows, replace_rows, supposed
from property.truth import Truth, sessions_in, tables_in
from property.world import Row, Table, World
from property.write_rules import Preset, Session, Writes
from property.writes import (
    Affected,
    Change,
    Conflict,
    DeleteRoot,
    InsertRoot,
    Mutation,
    NestedRows,
    NewRow,
    Returning,
    UpdateRoot,
    WriteRoot,
)

NOT_WRITTEN: tuple[Reason, ...] = ("missing", "constraint", "check", "data")
"""A row that others hang on was left alone. What else is wrong with those others may be told first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The world afterwards and the answer's data."""

    world: World
    data: Any
    given: Mapping[str, int]
    """How many numbers the identity column of each table gave."""


def outcome(world: World, mutation: Mutation, numbers: Numbers | None = None) -> Outcome | Refusal:
    """What must come of a mutation that names nothing forbidden. Raises Ambiguous where that is left open."""
    needed = {name.lower() for name in Needs(world, mutation).sessions()}
    if needed - {name.lower() for name in mutation.session}:
        return Refusal(frozenset({"session"}))
    try:
        return WriteOracle(world, mutation, numbers or supposed(world)).outcome()
    except Denied as denied:
        return Refusal(denied.reasons)


class WriteOracle:
    def __init__(self, world: World, mutation: Mutation, numbers: Numbers) -> None:
        self.role = mutation.role
        self.mutation = mutation
        self.state = State(world, mutation.role, mutation.session, numbers)

    def outcome(self) -> Outcome:
        data: dict[str, Any] = {}
        for item in merged(self.mutation.items):
            match item:
                case Typename():
                    data[item.key] = "mutation_root"
                case InsertRoot():
                    data[item.key] = self._insert_root(item)
                case UpdateRoot():
                    data[item.key] = self._update_root(item)
                case DeleteRoot():
                    data[item.key] = self._delete_root(item)
        return Outcome(self.state.world, data, dict(self.state.given))

    def _table(self, name: str) -> Table:
        return self.state.world.table(name)

    def _writes(self, table: Table) -> Writes:
        return table.writes(self.role)

    # ------------------------------------------------------------ insert

    def _insert_root(self, root: InsertRoot) -> Any:
        table = self._table(root.table)
        inserting = Inserting(self)
        results = inserting.rows(table, root.rows, root.conflict, [{} for _ in root.rows])
        if any(result.how in ("inserted", "updated") and self._is_gone(table, result.row) for result in results):
            raise Ambiguous
        truth = self.state.truth()
        return self._answer(root, table, results, inserting.affected, lambda row: truth)

    def _is_gone(self, table: Table, row: Row | None) -> bool:
        """Changed again by a later statement of the same root."""
        return not any(each is row for each in self._table(table.name).rows)

    # ------------------------------------------------------------ update

    def _update_root(self, root: UpdateRoot) -> Any:
        answers = [self._update(root, change) for change in root.changes]
        return answers if root.kind == "update_many" else answers[0]

    def _update(self, root: UpdateRoot, change: Change) -> Any:
        table = self._table(root.table)
        rule = self._writes(table).update
        assert rule is not None
        statement = Statement(self.state, table)
        chosen = self._chosen(statement, root.primary_key, change.where, rule.filter)
        pairs = [(row, self._changed(statement, row, change, rule.presets)) for row in chosen]
        replace_rows(statement, pairs, rule.check)
        results = [Written(row, "updated") for _, row in pairs]
        return self._answer(root, self._table(table.name), results, len(results), lambda _: self.state.truth())

    def _changed(self, statement: Statement, row: Row, change: Change, presets: Iterable[Preset]) -> Row:
        found = dict(row)
        for assign in change.assigns:
            try:
                found[assign.column] = assigned(statement.base, row, assign)
            except Denied as denied:
                statement.reasons |= denied.reasons
        found |= {preset.column: self.state.preset(preset) for preset in presets}
        return computed(statement.base, found)

    def _chosen(self, statement: Statement, key: Sequence[Value], where: Pred | None, rule: Pred) -> list[Row]:
        table, truth = statement.table, statement.before
        rows = [row for row in table.rows if truth.rule_holds(rule, table, row)]
        if key:
            return [row for row in rows if _has_key(table, row, key)]
        return [row for row in rows if where is None or truth.holds(where, table, row)]

    # ------------------------------------------------------------ delete

    def _delete_root(self, root: DeleteRoot) -> Any:
        table = self._table(root.table)
        rule = self._writes(table).delete
        assert rule is not None
        statement = Statement(self.state, table)
        chosen = self._chosen(statement, root.primary_key, root.where, rule.filter)
        delete_rows(statement, chosen)
        results = [Written(row, "deleted") for row in chosen]
        # Whether the role may see a row that is gone is judged as it was.
        return self._answer(root, table, results, len(results), lambda _: statement.before)

    # ------------------------------------------------------------ answers

    def _answer(self, root: WriteRoot, table: Table, results: Sequence[Written], affected: int, judged_by: Any) -> Any:
        """Rows that the role may select, what they are related to as it is now."""
        grant = table.grant(self.role)
        rows = [result.row for result in results if result.row is not None]
        shown: list[Row] = []
        if grant is not None and (_is_single(root) or any(isinstance(item, Returning) for item in merged(root.items))):
            shown = [row for row in rows if judged_by(row).rule_holds(grant.filter, table, row)]
        oracle = Oracle(self.state.world, Operation(self.role, self.mutation.session))
        if _is_single(root):
            return oracle.row(root.items, table, shown[0]) if shown else None
        answer: dict[str, Any] = {}
        for item in merged(root.items):
            match item:
                case Typename():
                    answer[item.key] = self.state.world.spelling.type(table.name, "mutation_response")
                case Affected():
                    answer[item.key] = affected
                case Returning():
                    below = tuple((oracle.row(item.items, table, row),) for row in shown)
                    answer[item.key] = Rows((Tied(below, len(below)),))
        return answer


def _is_single(root: WriteRoot) -> bool:
    return root.kind in ("insert_one", "update_by_pk", "delete_by_pk")


def _has_key(table: Table, row: Row, key: Sequence[Value]) -> bool:
    pairs = zip(table.primary_key, key, strict=True)
    return all(compare(table.column(name).kind, "_eq", row[name], value.meaning) for name, value in pairs)


# ---------------------------------------------------------------- inserts


class Inserting:
    """One root's rows: those they need first, then their own table's, then those that need them."""

    def __init__(self, oracle: WriteOracle) -> None:
        self.oracle = oracle
        self.state = oracle.state
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
        rule = self.oracle._writes(table).insert
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
                    return self._conflicting(statement, existing, row, conflict)
        rule = self.oracle._writes(statement.table).insert
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
        rule = self.oracle._writes(table).update
        assert rule is not None
        passes = conflict.where is None or truth.holds(conflict.where, table, existing)
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


# ---------------------------------------------------------------- session variables


class Needs:
    """The session variables that a mutation cannot do without."""

    def __init__(self, world: World, mutation: Mutation) -> None:
        self.world = world
        self.role = mutation.role
        self.mutation = mutation
        self.reads = Oracle(world, Operation(mutation.role, mutation.session))

    def sessions(self) -> Iterator[str]:
        for root in merged(self.mutation.items):
            if isinstance(root, Typename):
                continue
            table = self.world.table(root.table)
            match root:
                case InsertRoot():
                    yield from self._insert(table, root.rows, root.conflict)
                case UpdateRoot(changes=()):
                    continue
                case UpdateRoot():
                    yield from self._update(table)
                    for change in root.changes:
                        yield from self._where(table, change.where)
                case DeleteRoot():
                    rule = table.writes(self.role).delete
                    assert rule is not None
                    yield from sessions_in(rule.filter)
                    yield from self._where(table, root.where)
            yield from self._shown(root, table)

    def _insert(self, table: Table, rows: Sequence[NewRow], conflict: Conflict | None) -> Iterator[str]:
        rule = table.writes(self.role).insert
        assert rule is not None
        yield from (*sessions_in(rule.check), *_presets(rule.presets))
        if conflict is not None:
            yield from self._where(table, conflict.where)
            if conflict.update:
                yield from self._update(table)
            elif conflict.returns_existing:
                yield from self.reads.rule_sessions(table)
        for row in rows:
            for nested in row.nested:
                if nested.rows:
                    yield from self._insert(
                        self.world.table(table.link(nested.link).table), nested.rows, nested.conflict
                    )

    def _update(self, table: Table) -> Iterator[str]:
        rule = table.writes(self.role).update
        assert rule is not None
        yield from (*sessions_in(rule.filter), *_presets(rule.presets))
        if rule.check is not None:
            yield from sessions_in(rule.check)

    def _where(self, table: Table, where: Pred | None) -> Iterator[str]:
        if where is not None:
            for walked in tables_in(where, table, self.world):
                yield from self.reads.rule_sessions(walked)

    def _shown(self, root: WriteRoot, table: Table) -> Iterator[str]:
        """What is given back is a select."""
        below: Iterable[Item] = root.items if _is_single(root) else ()
        returning = [item for item in merged(root.items) if isinstance(item, Returning)]
        if returning or _is_single(root):
            yield from self.reads.rule_sessions(table)
        for items in (below, *(item.items for item in returning)):
            for walked in self.reads.tables_below(items, table):
                yield from self.reads.rule_sessions(walked)


def _presets(presets: Iterable[Preset]) -> Iterator[str]:
    return (preset.value.name for preset in presets if isinstance(preset.value, Session))
