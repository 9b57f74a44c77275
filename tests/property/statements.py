"""What single statements do to rows: all that is wrong with one is gathered, and then refused together.

Conditions of rules and callers are judged by what was there when the statement began.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from property.constraints import (
    base_of,
    broken_values,
    computed,
    dangling,
    reference,
    referred,
    unique_key,
    uniques,
    with_rows,
)
from property.expected import Ambiguous
from property.failures import Denied, Reason
from property.predicates import Given, Pred, Session
from property.truth import Truth
from property.world import Key, Row, Table, World
from property.write_rules import Default, Identity, Preset, SqlText, Unique

Numbers = Callable[[str, int], int]
"""A table's name and a count from 0 → the number that its identity column gives next."""
SUPPOSED = 500_000


def supposed(world: World) -> Numbers:
    """Numbers that no row has, in place of the sequence's own, which nobody knows beforehand."""
    starts = {
        table.name: column.source.start
        for table in world.tables
        for column in table.columns
        if isinstance(column.source, Identity)
    }
    return lambda name, count: starts[name] + SUPPOSED + count


@dataclass(slots=True)
class State:
    """The database between statements, as one caller's request changes it."""

    world: World
    role: str
    session: Mapping[str, Given]
    numbers: Numbers
    first: Truth = field(init=False)
    """The world as the request found it."""
    given: Counter[str] = field(default_factory=Counter)
    """How many numbers each identity column has given."""

    def __post_init__(self) -> None:
        self.first = self.truth()

    def truth(self) -> Truth:
        return Truth(self.world, self.role, self.session)

    def met(self, table: Table, obstacle: Unique | Key | None, row: Row, others: Iterable[Row]) -> None:
        """Told of what is in a new row's way: other rows by a key, a reference, or the row by itself. For whoever wants
        to know."""

    def preset(self, preset: Preset) -> Any:
        match preset.value:
            case None:
                return None
            case Session(name=name):
                return self.session[name].value
            case SqlText(value=value):
                return value
            case value:
                return value.meaning


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one row: `row` as it is afterwards, None where nothing was written and nothing is to be shown."""

    row: Row | None
    how: Literal["inserted", "updated", "existing", "skipped", "deleted"]

    @property
    def counts(self) -> bool:
        return self.how in ("inserted", "updated", "deleted")


class Statement:
    """One statement on a table, or on the table below a view. Rows that it makes are new objects."""

    def __init__(self, state: State, table: Table) -> None:
        self.state = state
        self.table = table
        self.base = base_of(state.world, table)
        self.before = state.truth()
        self.rows: list[Row] = list(self.base.rows)
        self.touched: list[Row] = []
        self.offered: list[Row] = []
        """New rows, those among them that were left out or became updates."""
        self.reasons: set[Reason] = set()

    # ------------------------------------------------------------ rows

    def new_row(self, cells: Mapping[str, Any]) -> Row:
        """A row of what is given, defaults for the rest."""
        found: dict[str, Any] = {}
        for column in self.base.columns:
            if column.name in cells:
                found[column.name] = cells[column.name]
                continue
            match column.source:
                case Default(value=value):
                    found[column.name] = value
                case Identity():
                    count = self.state.given[self.base.name]
                    self.state.given[self.base.name] += 1
                    found[column.name] = self.state.numbers(self.base.name, count)
                case _:
                    found[column.name] = None
        self.offered.append(self.sound(computed(self.base, found)))
        return self.offered[-1]

    def sound(self, row: Row) -> Row:
        """The row, what it breaks by itself being noted."""
        view = self.table.shape.view
        leaves_view = view is not None and view.column is not None and row[view.column] is None
        if leaves_view or any(broken_values(self.base, row)):
            self.reasons.add("constraint")
            self.state.met(self.table, None, row, ())
        return row

    def put(self, row: Row, old: Row | None = None) -> None:
        """Takes the row in, in place of another one or beside the others."""
        if old is not None:
            self.rows = [each for each in self.rows if each is not old]
        self.rows.append(row)
        self.touched.append(row)

    def remove(self, row: Row) -> None:
        self.rows = [each for each in self.rows if each is not row]

    def with_key(self, unique: Unique, row: Row, besides: Row | None = None) -> list[Row]:
        """The rows with the same unique key. There are several where the statement fails anyway."""
        wanted = unique_key(self.base, unique, row)
        if wanted is None:
            return []
        others = (each for each in self.rows if each is not besides and each is not row)
        found = [each for each in others if unique_key(self.base, unique, each) == wanted]
        if found:
            self.state.met(self.base, unique, row, found)
        return found

    def collide(self, row: Row, besides: Row | None = None) -> None:
        """Notes the unique keys that other rows have already."""
        for unique in uniques(self.base):
            for other in self.with_key(unique, row, besides):
                self.reasons.add("twice" if self.is_touched(other) else self.concerning(other, self.base))
                # Which of the two is told of, where a row of the same insert has the key as well, is left open.
                wanted = unique_key(self.base, unique, row)
                alike = [each for each in self.offered if unique_key(self.base, unique, each) == wanted]
                self.reasons |= {"twice"} if len(alike) > 1 else set()

    def is_touched(self, row: Row) -> bool:
        return any(each is row for each in self.touched)

    def concerning(self, row: Row, table: Table) -> Reason:
        """How an error may tell of another row: visibility is looked up when all is rolled back."""
        seen = [_is_among(row, truth.visible(table)) for truth in (self.before, self.state.first)]
        was_there = _is_among(row, self.state.first.world.table(table.name).rows)
        return "hidden" if was_there and not any(seen) and self.table.shape.view is None else "constraint"

    def may_read(self, row: Row) -> bool:
        """Whether a write may pick the row by its values."""
        grant = self.table.grant(self.state.role)
        is_open = self.state.world.ignores_select
        return grant is not None and (is_open or self.before.rule_holds(grant.filter, self.table, row))

    def may_build_on(self, row: Row, columns: Iterable[str]) -> bool:
        """Whether a write may make new values of these old ones."""
        grant = self.table.grant(self.state.role)
        assert grant is not None
        guards = [] if self.state.world.ignores_select else [grant.guard(name) for name in columns]
        return all(guard is None or self.before.rule_holds(guard, self.table, row) for guard in guards)

    def check(self, rule: Pred | None, row: Row) -> None:
        if rule is not None and not self.before.rule_holds(rule, self.table, row):
            self.reasons.add("check")

    # ------------------------------------------------------------ the end

    def finish(self) -> None:
        """The state after the statement. Raises Denied where anything is wrong."""
        world = with_rows(self.state.world, self.base.name, tuple(self.rows))
        self.end(world, [])

    def end(self, world: World, removed: Iterable[tuple[Table, Row]]) -> None:
        gone = list(removed)
        for table, key, row in dangling(world):
            self.state.met(table, key, row, ())
            self.reasons.add(self._dangling(world, table, key, row, gone))
        if self.reasons:
            raise Denied(self.reasons)
        self.state.world = world

    def _dangling(self, world: World, table: Table, key: Key, row: Row, gone: list[tuple[Table, Row]]) -> Reason:
        """A row written here points to nothing, or another one points to what is no more."""
        if table.name == self.base.name and self.is_touched(row):
            return "constraint"
        assert gone or self.touched
        return self.concerning(row, table)


def _is_among(row: Row, rows: Iterable[Row]) -> bool:
    return any(each is row for each in rows)


# ---------------------------------------------------------------- updates


def replace_rows(statement: Statement, changed: Iterable[tuple[Row, Row]], check: Pred | None) -> None:
    """All of an UPDATE's rows at once: keys are free again only as rows move, in an order that nobody knows."""
    pairs = list(changed)
    for old, new in pairs:
        statement.remove(old)
        statement.touched.append(new)
    for _, new in pairs:
        statement.rows.append(statement.sound(new))
    for old, new in pairs:
        statement.collide(new)
        statement.check(check, new)
        if _takes_over(statement.base, old, new, [other for other, _ in pairs if other is not old]):
            raise Ambiguous
    statement.finish()


def _takes_over(table: Table, old: Row, new: Row, others: list[Row]) -> bool:
    """Whether a row gets a key that another one has to give up."""
    for unique in uniques(table):
        key = unique_key(table, unique, new)
        if key is None or key == unique_key(table, unique, old):
            continue
        if any(unique_key(table, unique, other) == key for other in others):
            return True
    return False


# ---------------------------------------------------------------- deletes


def delete_rows(statement: Statement, chosen: Iterable[Row]) -> None:
    """The rows, and what their keys take along."""
    state = statement.state
    direct = [(statement.base, row) for row in chosen]
    gone = [*direct]
    for table, row in gone:
        for source, _, other in referring(state.world, table, row, "cascade"):
            if not any(other is each for _, each in gone):
                gone.append((source, other))
    _refuse_open(state.world, direct, gone)
    world = state.world
    for table, row in gone:
        for source, key, other in referring(state.world, table, row, "set null"):
            if not any(other is each for _, each in gone):
                world = _without_reference(statement, world, source, key, other)
            elif not any(other is each for _, each in direct) and not source.column(key.columns[0]).nullable:
                raise Ambiguous
    for name in {table.name for table, _ in gone}:
        left = tuple(row for row in world.table(name).rows if not any(row is each for _, each in gone))
        world = with_rows(world, name, left)
    statement.end(world, gone)


def referring(world: World, table: Table, row: Row, action: str) -> Iterator[tuple[Table, Key, Row]]:
    """Rows that point to this one by a key with that action."""
    for source in world.tables:
        for key in source.keys:
            if key.table == table.name and key.on_delete == action:
                wanted = referred(table, key, row)
                yield from ((source, key, other) for other in source.rows if reference(source, key, other) == wanted)


def _refuse_open(world: World, direct: list[tuple[Table, Row]], gone: list[tuple[Table, Row]]) -> None:
    """Where a row forbids what another key's cascade would do to it, all depends on which key comes first."""
    for table, row in gone:
        for action in ("restrict", "no action"):
            for _, _, other in referring(world, table, row, action):
                is_direct = any(other is each for _, each in direct)
                if not is_direct and any(other is each for _, each in gone):
                    raise Ambiguous


def _without_reference(statement: Statement, world: World, source: Table, key: Key, row: Row) -> World:
    """The row with nothing in the key's columns. Rows may lose two references at once."""
    current = world.table(source.name)
    if not any(each is row for each in current.rows):
        raise Ambiguous
    freed = computed(current, {**row, **dict.fromkeys(key.columns)})
    if any(broken_values(current, freed)):
        statement.reasons.add("constraint")
    return with_rows(world, source.name, tuple(freed if each is row else each for each in current.rows))
