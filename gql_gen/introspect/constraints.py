"""The constraints of one relation, from the rows of catalog.sql."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gql_gen.catalog.types import CheckConstraint, ExclusionConstraint, ForeignKey, Ident, UniqueKey
from gql_gen.introspect.rows import ConstraintRow

Numbered = Mapping[int, str]
"""A relation's columns by their numbers."""


class Constraints:
    """The constraints of one relation. `names` and `idents` are those of all relations, by oid."""

    def __init__(
        self,
        relation: str,
        rows: tuple[ConstraintRow, ...],
        names: Mapping[str, Numbered],
        idents: Mapping[str, Ident],
    ) -> None:
        self._rows = rows
        self._own: Numbered = names.get(relation, {})
        self._names = names
        self._idents = idents

    def unique_keys(self, kind: str) -> Iterator[UniqueKey]:
        for row in self._of_kind(kind):
            columns = tuple(self._own[number] for number in row.columns or ())
            yield UniqueKey(row.name, columns, row.deferrable, row.by_period)

    def exclusions(self) -> Iterator[ExclusionConstraint]:
        for row in self._of_kind("x"):
            # Number 0 stands for an expression.
            columns = tuple(self._own.get(number) for number in row.columns or ())
            yield ExclusionConstraint(row.name, columns, mentioned(row.mentions, self._own), row.deferrable)

    def checks(self) -> Iterator[CheckConstraint]:
        for row in self._of_kind("c"):
            yield CheckConstraint(row.name, mentioned(row.columns or (), self._own))

    def foreign_keys(self, *, by_period: bool) -> Iterator[ForeignKey]:
        """A key to a table that is not the user's (an extension's, say) leads nowhere and is left out."""
        copies = self._copies()
        for row in self._of_kind("f"):
            if row.copy_of is None and row.by_period == by_period and row.target in self._idents:
                targets = self._names[row.target]
                yield ForeignKey(
                    name=row.name,
                    columns=tuple(self._own[number] for number in row.columns or ()),
                    target=self._idents[row.target],
                    target_columns=tuple(targets[number] for number in row.target_columns or ()),
                    copies=tuple(copies.get(row.oid, ())),
                    by_period=by_period,
                    gives_way=row.gives_way,
                )

    def _of_kind(self, kind: str) -> Iterator[ConstraintRow]:
        return (row for row in self._rows if row.kind == kind)

    def _copies(self) -> dict[str, list[str]]:
        """A key's oid → the names of its copies, and of theirs, where partitions have partitions."""
        originals = {row.oid: row.copy_of for row in self._of_kind("f") if row.copy_of is not None}
        found: dict[str, list[str]] = {}
        for row in self._of_kind("f"):
            original = row.copy_of
            while original in originals:
                original = originals[original]
            if original is not None:
                found.setdefault(original, []).append(row.name)
        return found


def mentioned(numbers: Iterable[int], names: Numbered) -> tuple[str, ...]:
    """The columns of these numbers, sorted by name. Number 0 is the whole row."""
    wanted = frozenset(numbers)
    return tuple(sorted(name for number, name in names.items() if 0 in wanted or number in wanted))
