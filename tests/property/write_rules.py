"""What a table of a world has for writes alone: values that come by themselves, constraints, rules for each role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from property.grants import canonical
from property.predicates import Pred, Session, Value

OnDelete = Literal["no action", "restrict", "cascade", "set null"]

# ---------------------------------------------------------------- values that come by themselves


@dataclass(frozen=True, slots=True)
class Default:
    """A column's default."""

    value: Any


@dataclass(frozen=True, slots=True)
class Identity:
    """Numbers from a sequence, which begins above all values that anybody gives."""

    always: bool
    start: int


@dataclass(frozen=True, slots=True)
class Generated:
    """`exclaimed`: the text of another column and "!"; `missing`: whether the other is null."""

    formula: Literal["exclaimed", "missing"]
    of: str


Source = Default | Identity | Generated


# ---------------------------------------------------------------- constraints


@dataclass(frozen=True, slots=True)
class UniquePart:
    """A column, or `lower(column)`."""

    column: str
    lowered: bool = False


@dataclass(frozen=True, slots=True)
class Unique:
    """A unique constraint, or a unique index where `where` or an expression asks for one. `where`: a column and how it
    has to be."""

    name: str
    parts: tuple[UniquePart, ...]
    where: tuple[str, Literal["is true", "is not null"]] | None = None
    is_index: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it looks at."""
        names = tuple(part.column for part in self.parts)
        return names if self.where is None else (*names, self.where[0])

    @property
    def iscanonical(self) -> bool:
        return self.where is None and not any(part.lowered for part in self.parts)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """`check (column <> value)`."""

    name: str
    column: str
    value: Any


@dataclass(frozen=True, slots=True)
class View:
    """An updatable view: rows of `base` where `column` is not null (all of them when there is none), with check
    option."""

    base: str
    column: str | None


# ---------------------------------------------------------------- rules


@dataclass(frozen=True, slots=True)
class SqlText:
    """`{sql: …}` and what it means."""

    sql: str
    value: Any


@dataclass(frozen=True, slots=True)
class Preset:
    column: str
    value: Value | Session | SqlText | None


@dataclass(frozen=True, slots=True)
class InsertRule:
    """`columns` None means all."""

    columns: tuple[str, ...] | None
    check: Pred
    presets: tuple[Preset, ...] = ()
    backend_only: bool = False


@dataclass(frozen=True, slots=True)
class UpdateRule:
    columns: tuple[str, ...] | None
    filter: Pred
    check: Pred | None
    presets: tuple[Preset, ...] = ()
    backend_only: bool = False


@dataclass(frozen=True, slots=True)
class DeleteRule:
    filter: Pred
    backend_only: bool = False


@dataclass(frozen=True, slots=True)
class Writes:
    """What one role may write; None is nothing."""

    insert: InsertRule | None = None
    update: UpdateRule | None = None
    delete: DeleteRule | None = None


NO_WRITES = Writes()
WRITES = ("insert", "update", "delete")
ADMIN_WRITES = Writes(InsertRule(None, Pred.always()), UpdateRule(None, Pred.always(), None), DeleteRule(Pred.always()))


Own = Mapping[str, Writes]
Inherits = Mapping[str, tuple[str, ...]]
Rule = InsertRule | UpdateRule | DeleteRule


def written(own: Own, parents: Inherits, role: str) -> Writes:
    """What a role may write: by its own rules, and where it has none, by those of the roles that it inherits, as long
    as all that have one have the same."""
    found: dict[str, Any] = {kind: _rule(own, parents, role, kind)[0] for kind in WRITES}
    return Writes(**found)


def conflicts(own: Own, parents: Inherits) -> int:
    """How often a role inherits rules that differ, and has none of its own."""
    return sum(
        getattr(own.get(role, NO_WRITES), kind) is None
        and _differ([_rule(own, parents, each, kind) for each in theirs])
        for role, theirs in parents.items()
        for kind in WRITES
    )


def _rule(own: Own, parents: Inherits, role: str, kind: str) -> tuple[Rule | None, bool]:
    """A role's rule of a kind, and whether it has none because those that it inherits differ. Then its heirs do not
    have one either."""
    mine = getattr(own.get(role, NO_WRITES), kind)
    if mine is not None:
        return mine, False
    theirs = [_rule(own, parents, parent, kind) for parent in parents.get(role, ())]
    if any(is_lost for _, is_lost in theirs) or _differ(theirs):
        return None, True
    return next((rule for rule, _ in theirs if rule is not None), None), False


def _differ(theirs: list[tuple[Rule | None, bool]]) -> bool:
    rules = [rule for rule, _ in theirs if rule is not None]
    return not any(is_lost for _, is_lost in theirs) and not _are_alike(rules)


def _are_alike(rules: list[Rule]) -> bool:
    return all(_meaning(rule) == _meaning(rules[0]) for rule in rules[1:])


def _meaning(rule: Rule) -> Any:
    """What it comes to, however it is written."""
    match rule:
        case DeleteRule():
            return canonical(rule.filter), rule.backend_only
        case InsertRule():
            return _given(rule), canonical(rule.check), rule.backend_only
        case UpdateRule():
            check = Pred.always() if rule.check is None else rule.check
            return _given(rule), canonical(rule.filter), canonical(check), rule.backend_only


def _given(rule: InsertRule | UpdateRule) -> Any:
    preset = {each.column for each in rule.presets}
    return None if rule.columns is None else {*rule.columns} - preset, rule.presets


@dataclass(frozen=True, slots=True)
class Shape:
    """`key_name` is the primary key's; a view is one of `view`."""

    key_name: str = ""
    uniques: tuple[Unique, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    view: View | None = None
    writes: tuple[tuple[str, Writes], ...] = ()


PLAIN = Shape()
