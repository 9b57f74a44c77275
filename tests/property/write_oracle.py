"""What a mutation must do to a database and what it must answer, worked out row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from property.assigning import assigned
from property.calling import Raises
from property.constraints import computed
from property.expected import Ambiguous, Rows, Tied
from property.failures import Denied, Refusal
from property.inserting import Inserting
from property.kinds import compare
from property.needs import Needs
from property.oracle import Oracle
from property.predicates import Pred, Value
from property.queries import Item, Operation, Typename, merged
from property.statements import Numbers, State, Statement, Written, delete_rows, replace_rows, supposed
from property.world import Row, Table, World
from property.write_rules import Preset, Writes
from property.write_sight import WriteSight
from property.writes import (
    Affected,
    Change,
    Conflict,
    DeleteRoot,
    InsertRoot,
    Mutation,
    NewRow,
    Returning,
    UpdateRoot,
    WriteRoot,
    is_single,
    reads_rows,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The world afterwards and the answer's data."""

    world: World
    data: Any
    given: Mapping[str, int]
    """How many numbers the identity column of each table gave."""


def outcome(world: World, mutation: Mutation, numbers: Numbers | None = None) -> Outcome | Refusal:
    """What must come of a mutation that names nothing forbidden. Raises Ambiguous where that is left open."""
    if any(_is_senseless(world, mutation, root) for root in merged(mutation.items)):
        return Refusal(frozenset({"validation"}))
    needed = {name.lower() for name in Needs(world, mutation).sessions()}
    if needed - {name.lower() for name in mutation.session}:
        return Refusal(frozenset({"session"}))
    try:
        return WriteOracle(world, mutation, numbers or supposed(world)).outcome()
    except Denied as denied:
        return Refusal(denied.reasons)
    except Raises:
        return Refusal(frozenset({"raised"}))


def _is_senseless(world: World, mutation: Mutation, root: Item) -> bool:
    """An update that sets nothing, presets included, or one column in two ways; rows that may not be related so."""
    if isinstance(root, InsertRoot):
        sight = WriteSight(world, mutation.role, mutation.is_backend)
        return not _may_relate(sight, world.table(root.table), root.rows, root.conflict)
    if not isinstance(root, UpdateRoot):
        return False
    rule = world.table(root.table).writes(mutation.role).update
    assert rule is not None
    columns = [[assign.column for assign in change.assigns] for change in root.changes]
    return any(not (names or rule.presets) or len(set(names)) < len(names) for names in columns)


def _may_relate(sight: WriteSight, table: Table, rows: Sequence[NewRow], conflict: Conflict | None) -> bool:
    for nested in (nested for row in rows for nested in row.nested if nested.rows):
        link = table.link(nested.link)
        decides = nested.conflict if link.kind == "object" else conflict
        target = sight.world.table(link.table)
        if not sight.may_relate(table, link, decides):
            return False
        if not _may_relate(sight, target, nested.rows, nested.conflict):
            return False
    return True


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
        inserting = Inserting(self.state)
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
        reads = bool(root.primary_key) or reads_rows(change.where, change.assigns)
        chosen = self._chosen(statement, root.primary_key, change.where, rule.filter, reads=reads)
        building = [assign.column for assign in change.assigns if assign.operator != "_set"]
        chosen = [row for row in chosen if statement.may_build_on(row, building)]
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

    def _chosen(
        self, statement: Statement, key: Sequence[Value], where: Pred | None, rule: Pred, *, reads: bool
    ) -> list[Row]:
        table, truth = statement.table, statement.before
        rows = [row for row in table.rows if truth.rule_holds(rule, table, row)]
        rows = [row for row in rows if not reads or statement.may_read(row)]
        if key:
            return [row for row in rows if _has_key(table, truth.veiled(table, row), key)]
        return [row for row in rows if where is None or truth.holds(where, table, row)]

    # ------------------------------------------------------------ delete

    def _delete_root(self, root: DeleteRoot) -> Any:
        table = self._table(root.table)
        rule = self._writes(table).delete
        assert rule is not None
        statement = Statement(self.state, table)
        reads = bool(root.primary_key) or reads_rows(root.where)
        chosen = self._chosen(statement, root.primary_key, root.where, rule.filter, reads=reads)
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
        if grant is not None and (is_single(root) or any(isinstance(item, Returning) for item in merged(root.items))):
            rule = Pred.always() if self.state.world.ignores_select else grant.filter
            shown = [row for row in rows if judged_by(row).rule_holds(rule, table, row)]
        oracle = Oracle(self.state.world, Operation(self.role, self.mutation.session))
        if is_single(root):
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


def _has_key(table: Table, row: Row, key: Sequence[Value]) -> bool:
    pairs = zip(table.primary_key, key, strict=True)
    return all(compare(table.column(name).kind, "_eq", row[name], value.meaning) for name, value in pairs)
