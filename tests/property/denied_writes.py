"""Mutations that name what a role may not write, or not by that name. Each is asked twice, with the forbidden name and
with one that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from property.choices import Choices
from property.constraints import uniques
from property.denied import MARK, Question
from property.kinds import as_json
from property.make_cells import CellMaker, operators
from property.make_write_rules import givable
from property.printing import constant
from property.world import ADMIN, Column, Table, World
from property.write_sight import WriteSight
from property.writes import WRITE_KINDS, WriteKind

Asked = tuple[str, str, dict[str, Any]]
ARGUMENTS: dict[WriteKind, str] = {
    "insert": "(objects: [])",
    "insert_one": "(object: {})",
    "update": "(where: {})",
    "update_by_pk": "",
    "update_many": "(updates: [])",
    "delete": "(where: {})",
    "delete_by_pk": "",
}


def make_write_question(choices: Choices, world: World) -> Question | None:
    """Something that some role may not write, one that the rules do not name among them; None when it may all."""
    role = choices.one((*world.roles, *world.roles, ADMIN, "stranger"))
    found = list(ForbiddenWrites(choices, WriteSight(world, role)).questions())
    return Question(role, *choices.one(found)) if found else None


@dataclass(frozen=True, slots=True)
class ForbiddenWrites:
    choices: Choices
    sight: WriteSight

    def questions(self) -> Iterator[Asked]:
        for table in self.sight.world.tables:
            roots = self.sight.world.spelling.write_roots(table.name)
            possible = set(self.sight.kinds(table))
            for kind in WRITE_KINDS:
                if kind not in possible:
                    yield roots[kind], f"mutation M {{ {MARK}{ARGUMENTS[kind]} {{ __typename }} }}", {}
            if "insert" in possible:
                yield from self._of_insert(table, roots["insert"])
                yield from self._of_conflict(table, roots["insert"])
            if "update" in possible and self.sight.update_columns(table):
                yield from self._of_update(table, roots["update"], roots["update_many"])
            if "delete" in possible:
                yield from self._of_where(table, roots["delete"])

    # ------------------------------------------------------------ insert

    def _of_insert(self, table: Table, root: str) -> Iterator[Asked]:
        """Columns and relationships, in a literal, in a variable, and among rows that hang on others."""
        type_ = self.sight.world.spelling.type(table.name, "insert_input")
        for column in _besides(table, self.sight.insert_columns(table)):
            text = f"mutation M($o: [{type_}!]!) {{ {root}(objects: $o) {{ __typename }} }}"
            yield column.field, self._insert(root, self._value(table, column)), {}
            yield column.field, self._insert(root, "null"), {}
            yield column.field, text, {"o": [{MARK: self._json(table, column)}]}
        for link in table.links:
            target = self.sight.world.table(link.table)
            if link not in self.sight.links(table):
                yield link.name, self._insert(root, "{data: {}}"), {}
                continue
            for column in _besides(target, self.sight.insert_columns(target)):
                below = f"{{data: {{{MARK}: {self._value(target, column)}}}}}"
                yield column.field, f"mutation M {{ {root}(objects: {{{link.name}: {below}}}) {{ __typename }} }}", {}
        if self.sight.shows(table):
            for column in _besides(table, self.sight.reads.columns(table)):
                yield column.field, f"mutation M {{ {root}(objects: [{{}}]) {{ returning {{ {MARK} }} }} }}", {}

    @staticmethod
    def _insert(root: str, value: str) -> str:
        return f"mutation M {{ {root}(objects: [{{{MARK}: {value}}}]) {{ __typename }} }}"

    def _json(self, table: Table, column: Column) -> Any:
        value = CellMaker(self.choices, self.sight.world).value(table, column)
        return as_json(column.kind, value if value is not None else givable(column.kind, column.kind.pool)[0])

    def _value(self, table: Table, column: Column) -> str:
        if column.kind_name == "jsonb":
            return "1"
        return constant(self._json(table, column), is_enum=column.kind_name == "mood")

    # ------------------------------------------------------------ conflicts

    def _of_conflict(self, table: Table, root: str) -> Iterator[Asked]:
        targets, word = self.sight.targets(table), self.sight.world.spelling.word
        if not targets:
            return

        def conflict(target: str, rest: str) -> str:
            given = f"{word('on_conflict')}: {{constraint: {target}{rest}}}"
            return f"mutation M {{ {root}(objects: [{{}}], {given}) {{ __typename }} }}"

        for unique in uniques(table):
            if unique not in targets:
                yield unique.name, conflict(MARK, ""), {}
        for column in _besides(table, self.sight.update_columns(table)):
            yield column.field, conflict(targets[0].name, f", {word('update_columns')}: [{MARK}]"), {}
        if self.sight.reads.sees(table):
            for column in _besides(table, self.sight.reads.columns(table)):
                where = f"{{{MARK}: {{{word('_is_null')}: true}}}}"
                yield column.field, conflict(targets[0].name, f", where: {where}"), {}

    # ------------------------------------------------------------ update and delete

    def _of_update(self, table: Table, root: str, many: str) -> Iterator[Asked]:
        """Only operators that the role has for some column: others are no arguments at all."""
        updatable = self.sight.update_columns(table)
        amendable = self.sight.amendable(table)
        has_numbers = any("_inc" in operators(column) for column in amendable)
        for column in _besides(table, updatable):
            for value in (self._value(table, column), "null"):
                assign = f"_set: {{{MARK}: {value}}}"
                yield column.field, f"mutation M {{ {root}(where: {{}}, {assign}) {{ __typename }} }}", {}
            yield column.field, f"mutation M {{ {many}(updates: [{{where: {{}}, {assign}}}]) {{ __typename }} }}", {}
        for column in _besides(table, amendable) if has_numbers else ():
            if column.kind.sums:
                text = f"mutation M {{ {root}(where: {{}}, _inc: {{{MARK}: 1}}) {{ __typename }} }}"
                yield column.field, text, {}
        for column in _besides(table, self.sight.reads.columns(table)):
            where = f"{{{MARK}: {{{self.sight.world.spelling.word('_is_null')}: true}}}}"
            given = f"_set: {{{updatable[0].field}: null}}"
            yield column.field, f"mutation M {{ {root}(where: {where}, {given}) {{ __typename }} }}", {}

    def _of_where(self, table: Table, root: str) -> Iterator[Asked]:
        is_null = f"{{{self.sight.world.spelling.word('_is_null')}: true}}"
        for column in _besides(table, self.sight.reads.columns(table)):
            yield column.field, f"mutation M {{ {root}(where: {{{MARK}: {is_null}}}) {{ __typename }} }}", {}
        for link in table.links:
            target = self.sight.world.table(link.table)
            if not self.sight.reads.sees(target):
                yield link.name, f"mutation M {{ {root}(where: {{{MARK}: {{}}}}) {{ __typename }} }}", {}
                continue
            for column in _besides(target, self.sight.reads.columns(target)):
                where = f"{{{link.name}: {{{MARK}: {is_null}}}}}"
                yield column.field, f"mutation M {{ {root}(where: {where}) {{ __typename }} }}", {}


def _besides(table: Table, columns: Sequence[Column]) -> list[Column]:
    return [column for column in table.columns if column not in columns]
