"""What a table of a world has for writes alone: values that come by themselves, constraints, rules for each role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

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
    def is_plain(self) -> bool:
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
ADMIN_WRITES = Writes(InsertRule(None, Pred.always()), UpdateRule(None, Pred.always(), None), DeleteRule(Pred.always()))


@dataclass(frozen=True, slots=True)
class Shape:
    """`key_name` is the primary key's; a view is one of `view`."""

    key_name: str = ""
    uniques: tuple[Unique, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    view: View | None = None
    writes: tuple[tuple[str, Writes], ...] = ()


PLAIN = Shape()
