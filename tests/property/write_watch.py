"""The oracle of writes, watched: what stood in a write's way, what rules said of which row, which rows came to light.

From this follows whether an answer *may* depend on what is hidden: by the two limits that are promised to be all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from property.expected import Ambiguous
from property.failures import Denied, Reason
from property.grants import is_open
from property.predicates import Pred
from property.queries import merged
from property.statements import State, supposed
from property.truth import Truth
from property.world import Key, Row, Sight, Table, World
from property.write_oracle import WriteOracle
from property.write_rules import Unique
from property.write_sight import WriteSight
from property.write_twins import TAG, tags
from property.writes import Mutation

Cell = tuple[str, int, str]
"""A table, a row's tag, and a column or computed field; "" stands for the row."""
Obstacle = Literal["unique", "foreign key", "referenced", "value"]


@dataclass(slots=True)
class Seen:
    """What a watched write met."""

    obstacles: set[tuple[Obstacle, str, str]] = field(default_factory=set)
    """Of which kind, by which constraint, between which rows."""
    hidden: set[Obstacle] = field(default_factory=set)
    """Kinds of those that are about rows or cells which the caller cannot see."""
    shown: set[Obstacle] = field(default_factory=set)
    """Kinds of the others."""
    verdicts: dict[tuple[int, int, str, str], list[bool]] = field(default_factory=dict)
    """(root, rule, table, row) → what the rule said, each time."""
    unveiled: set[Cell] = field(default_factory=set)
    """Rows and cells that the caller could not see, and now can."""
    gone: set[Cell] = field(default_factory=set)
    """Those that the caller could see, and cannot any more."""
    reasons: frozenset[Reason] = frozenset()
    is_open: bool = False
    """The oracle cannot tell."""

    @property
    def must_hide(self) -> bool:
        """Whether it can only fail because of something hidden."""
        return bool(self.reasons) and self.reasons <= {"hidden", "constraint", "check"} and not self.shown


class Watching(Truth):
    """Notes what rules say."""

    seen: Seen
    root: int = 0

    def rule_holds(self, rule: Pred, table: Table, row: Row) -> bool:
        found = super().rule_holds(rule, table, row)
        self.seen.verdicts.setdefault((self.root, id(rule), table.name, _name(row)), []).append(found)
        return found


class Watched(State):
    """Notes what is met. `hidden`: the rows that the caller cannot see, by table and tag."""

    seen: Seen
    hidden: frozenset[tuple[str, int]]

    def truth(self) -> Truth:
        truth = Watching(self.world, self.role, self.session)
        truth.seen = self.seen
        return truth

    def met(self, table: Table, obstacle: Unique | Key | None, row: Row, others: Iterable[Row]) -> None:
        found = list(others)
        is_there = any(each is row for each in self.world.table(table.name).rows)
        match obstacle:
            case None:
                kind: Obstacle = "value"
            case Unique():
                kind = "unique"
            case Key():
                kind = "referenced" if is_there else "foreign key"
        constraint = repr(obstacle if obstacle is None or isinstance(obstacle, Key) else obstacle.name)
        self.seen.obstacles.add((kind, constraint, " ".join(map(_name, [row, *found]))))
        is_hidden = self._is_hidden(table, obstacle, [row] if kind in ("referenced", "value") else found)
        if kind == "foreign key" and isinstance(obstacle, Key):
            grant = self.world.table(obstacle.table).grant(self.role)
            is_hidden = is_hidden or grant is None or not is_open(grant.filter)
        (self.seen.hidden if is_hidden else self.seen.shown).add(kind)

    def _is_hidden(self, table: Table, obstacle: Unique | Key | None, rows: list[Row]) -> bool:
        if any((table.name, row.get(TAG)) in self.hidden for row in rows):
            return True
        sight = Sight(self.world, self.role)
        readable = {column.name for column in sight.steady(table)} if sight.sees(table) else set()
        if isinstance(obstacle, Key) and not rows:
            # It is about nothing but what the caller wrote.
            given = WriteSight(self.world, self.role, True)
            readable |= {column.name for column in (*given.insert_columns(table), *given.update_columns(table))}
        return obstacle is not None and not readable.issuperset(obstacle.columns)


def _name(row: Row) -> str:
    """The same in both twins."""
    return f"row {row[TAG]}" if TAG in row else repr(sorted(row.items(), key=str))


# ---------------------------------------------------------------- watching


def watched(world: World, mutation: Mutation) -> Seen:
    """What the mutation meets in a tagged world, root after root."""
    seen = Seen()
    before = _visible(world, mutation, seen, 0)
    everything = {(table.name, tag) for table in world.tables for tag in tags(table.rows)}
    hidden = frozenset(everything - {(table, tag) for table, tag, _ in before})
    roots = merged(mutation.items)
    # What one root brings to light the next may hide again.
    for number in range(1, len(roots) + 1):
        after = _after(world, replace(mutation, items=tuple(roots[:number])), seen, hidden)
        if after is not None:
            visible = _visible(after, mutation, seen, number)
            seen.unveiled |= visible - before
            seen.gone |= before - visible
    return seen


def _after(world: World, mutation: Mutation, seen: Seen, hidden: frozenset[tuple[str, int]]) -> World | None:
    oracle = WriteOracle(world, mutation, supposed(world))
    state = Watched.__new__(Watched)
    state.seen, state.hidden = seen, hidden
    State.__init__(state, world, mutation.role, mutation.session, supposed(world))
    oracle.state = state
    try:
        return oracle.outcome().world
    except Ambiguous:
        seen.is_open = True
    except Denied as denied:
        seen.reasons = denied.reasons
    return None


def _visible(world: World, mutation: Mutation, seen: Seen, root: int) -> set[Cell]:
    """Which rows and cells the caller sees after so many roots."""
    truth = Watching(world, mutation.role, mutation.session)
    truth.seen, truth.root = seen, root
    return {cell for table in world.tables for cell in _cells(table, truth)}


def _cells(table: Table, truth: Truth) -> Iterator[Cell]:
    """The visible rows, and of those the cells that are not visible in all of them."""
    grant = table.grant(truth.role)
    if grant is None:
        return
    fields = {column.name: grant.guard(column.name) for column in table.columns if grant.lists(column.name)}
    fields |= {field.name: grant.computed_guard(field.name) for field in table.computed if grant.computes(field.name)}
    for row in truth.visible(table):
        if TAG in row:
            yield table.name, row[TAG], ""
            for name, guard in fields.items():
                if guard is not None and truth.rule_holds(guard, table, row):
                    yield table.name, row[TAG], name


# ---------------------------------------------------------------- comparing


def looks_at_hidden(ours: Seen, theirs: Seen) -> bool:
    """Whether a rule of the role's own said one thing of a row here and another there, or let a hidden row be seen."""
    return bool(ours.unveiled or theirs.unveiled) or _disagree(ours.verdicts, theirs.verdicts)


def _disagree(ours: Mapping[Any, list[bool]], theirs: Mapping[Any, list[bool]]) -> bool:
    return any(
        one != other for key in ours.keys() & theirs.keys() for one, other in zip(ours[key], theirs[key], strict=False)
    )


def is_in_the_way(ours: Seen, theirs: Seen) -> bool:
    """Whether a key is taken, or a row referred to, in one of them alone."""
    return ours.obstacles != theirs.obstacles or ours.gone != theirs.gone
