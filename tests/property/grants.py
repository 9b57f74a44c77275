"""What roles may select: one grant or several, by themselves or by whom they inherit; and what that comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from property.predicates import (
    All,
    Any_,
    Both,
    Compare,
    CompareMade,
    Counted,
    ExistsIn,
    MadeRows,
    Named,
    Not,
    Pred,
    Related,
)

RootKind = Literal["select", "select_by_pk", "select_aggregate"]
ROOTS: tuple[RootKind, ...] = ("select", "select_by_pk", "select_aggregate")
Parents = tuple[tuple[str, tuple[str, ...]], ...]
"""The roles that each role inherits."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role may select. `columns` None means "*", `roots` None means all; `computed` are single values."""

    columns: tuple[str, ...] | None
    filter: Pred
    limit: int | None
    aggregates: bool
    roots: tuple[RootKind, ...] | None
    computed: tuple[str, ...] = ()

    def lists(self, column: str) -> bool:
        return self.columns is None or column in self.columns


@dataclass(frozen=True, slots=True)
class Granted:
    """Several grants together: a row is seen where any of them lets it be seen, a cell where one does that lists its
    column. `aggregate`: the rows that aggregates are made of; None where there are none."""

    parts: tuple[Grant, ...]
    filter: Pred
    limit: int | None
    aggregate: Pred | None
    roots: tuple[RootKind, ...] | None
    _guards: dict[str, Pred | None] = field(default_factory=dict, compare=False, repr=False)
    _lists: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    @property
    def aggregates(self) -> bool:
        return self.aggregate is not None

    def lists(self, column: str) -> bool:
        """Hidden columns are listed by nobody, whatever this says."""
        known = self._lists.get(column)
        if known is None:
            known = self._lists[column] = any(part.lists(column) for part in self.parts)
        return known

    def computes(self, name: str) -> bool:
        return any(name in part.computed for part in self.parts)

    def guard(self, column: str) -> Pred | None:
        """The rows in which a column can be read; None where that is every row that is seen."""
        return self._guard(column, lambda part: part.lists(column))

    def computed_guard(self, name: str) -> Pred | None:
        """The rows for which a computed field is shown; None where that is every row that is seen."""
        return self._guard(f"computed {name}", lambda part: name in part.computed) if self.computes(name) else None

    def _guard(self, key: str, grants_it: Callable[[Grant], bool]) -> Pred | None:
        if key not in self._guards:
            filters = [part.filter for part in self.parts if grants_it(part)]
            is_all = options(filters) == options(part.filter for part in self.parts)
            self._guards[key] = None if is_all else joined(filters)
        return self._guards[key]


# ---------------------------------------------------------------- filters together


def options(filters: Iterable[Pred]) -> tuple[Pred, ...]:
    """What is open to one who may choose any of these. What another one covers by its words alone is not needed, nor
    is what it needs itself."""
    found: list[Pred] = []
    for option in (option for each in filters for option in _options(canonical(each))):
        # Values of theirs may have no hash.
        if not any(_covers(other, option) for other in found):
            found = [other for other in found if not _covers(option, other)] + [option]
    return tuple(found)


def joined(filters: list[Pred]) -> Pred:
    """Any of them."""
    if len(filters) == 1:
        return filters[0]
    found = options(filters)
    return found[0] if len(found) == 1 else Any_(found)


def _options(pred: Pred) -> tuple[Pred, ...]:
    return pred.parts if isinstance(pred, Any_) else (pred,)


def _covers(wide: Pred, narrow: Pred) -> bool:
    """Whether all that one demands the other demands too."""
    demanded = _conditions(narrow)
    return all(each in demanded for each in _conditions(wide))


def _conditions(pred: Pred) -> tuple[Pred, ...]:
    return pred.parts if isinstance(pred, All) else (pred,)


def canonical(pred: Pred) -> Pred:
    """The same condition, one way of writing it for all: names resolved, conjunctions flat."""
    match pred:
        case Named(part=part):
            return canonical(part)
        case Both(parts=parts) | All(parts=parts):
            return _all([condition for part in parts for condition in _conditions(canonical(part))])
        case Compare(tests=tests) | CompareMade(tests=tests):
            return _all([replace(pred, tests=(test,)) for test in tests])
        case Any_(parts=parts):
            return Any_(tuple(map(canonical, parts)))
        case Not(part=part) | Related(part=part) | MadeRows(part=part) | ExistsIn(part=part):
            return replace(pred, part=canonical(part))
        case Counted(filter=filtered):
            return replace(pred, filter=canonical(filtered or Pred.always()))
        case _:
            return pred


def _all(conditions: list[Pred]) -> Pred:
    return conditions[0] if len(conditions) == 1 else All(tuple(conditions))


def is_open(pred: Pred) -> bool:
    """Whether it says nothing."""
    return canonical(pred) == All(())


def is_shut(pred: Pred) -> bool:
    """Whether it says that nothing passes."""
    return canonical(pred) == Any_(())


# ---------------------------------------------------------------- what a role is granted


def granted(grants: tuple[tuple[str, Grant], ...], parents: Parents, role: str) -> Granted | None:
    """All that a role is granted: its own grants, or else those of the roles that it inherits. It is the same object
    for a table and its twin, which have the same grants and other rows."""
    key = (id(grants), id(parents), role)
    if key not in _KNOWN:
        if len(_KNOWN) > 1_000:
            _KNOWN.clear()
        _KNOWN[key] = (grants, parents, _granted(grants, parents, role))
    return _KNOWN[key][2]


_KNOWN: dict[tuple[int, int, str], tuple[object, object, Granted | None]] = {}
"""What these are made of is kept, so that nothing else can have its identity."""


def _granted(grants: tuple[tuple[str, Grant], ...], parents: Parents, role: str) -> Granted | None:
    own: dict[str, list[Grant]] = {}
    for name, grant in grants:
        own.setdefault(name, []).append(grant)
    found = [_of_one(own[name]) for name in _sources(own, dict(parents), role)]
    return _of_several(found) if found else None


def _sources(own: Mapping[str, list[Grant]], parents: Mapping[str, tuple[str, ...]], role: str) -> list[str]:
    """The roles whose grants these are."""
    if role in own:
        return [role]
    return list(dict.fromkeys(name for parent in parents.get(role, ()) for name in _sources(own, parents, parent)))


def _of_one(parts: list[Grant]) -> Granted:
    """The grants of one role keep to themselves: the least limit holds, and aggregates are made of the rows of those
    that allow them."""
    limits = [part.limit for part in parts if part.limit is not None]
    counted = [part.filter for part in parts if part.aggregates]
    aggregate = joined(counted) if counted else None
    return Granted(
        tuple(parts), joined([part.filter for part in parts]), min(limits, default=None), aggregate, _roots(parts)
    )


def _of_several(roles: list[Granted]) -> Granted:
    """Of several roles the most that one allows; aggregates of all rows, unless one of them keeps its own apart."""
    if len(roles) == 1:
        return roles[0]
    parts = [part for each in roles for part in each.parts]
    limits = [each.limit for each in roles if each.limit is not None]
    rule = joined([part.filter for part in parts])
    counted = [each for each in roles if each.aggregate is not None]
    is_whole = all(
        each.aggregate is not None and options([each.aggregate]) == options([each.filter]) for each in counted
    )
    aggregate = rule if is_whole else joined([each.aggregate for each in counted if each.aggregate is not None])
    limit = max(limits) if len(limits) == len(roles) else None
    return Granted(tuple(parts), rule, limit, aggregate if counted else None, _roots(parts))


def _roots(parts: list[Grant]) -> tuple[RootKind, ...]:
    found = {root for part in parts for root in (ROOTS if part.roots is None else part.roots)}
    return tuple(root for root in ROOTS if root in found)


ADMIN_GRANT = Grant(None, Pred.always(), None, True, None)
ALL_GRANTED = Granted((ADMIN_GRANT,), Pred.always(), None, Pred.always(), None)
