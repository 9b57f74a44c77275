"""Questions that a role may not ask. Each is asked twice, with the forbidden name and with one that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from property.choices import Choices
from property.grants import ROOTS
from property.kinds import KINDS
from property.made import Computed, Routine
from property.printing import Document
from property.world import ADMIN, Column, Link, Sight, Table, World

MARK = "«name»"
NONSENSE = "nonsuch"


@dataclass(frozen=True, slots=True)
class Question:
    """A document with MARK where the name stands."""

    role: str
    name: str
    text: str
    variables: dict[str, Any]

    def naming(self, name: str) -> Document:
        return Document(self.text.replace(MARK, name), put(self.variables, name))


def put(tree: Any, name: str) -> Any:
    match tree:
        case dict():
            return {key.replace(MARK, name): put(item, name) for key, item in tree.items()}
        case list():
            return [put(item, name) for item in tree]
        case str():
            return tree.replace(MARK, name)
        case _:
            return tree


def make_question(choices: Choices, world: World) -> Question | None:
    """Something forbidden to some role, one that the rules do not name among them; None when nothing is."""
    role = choices.one((*world.roles, *world.roles, ADMIN, "stranger"))
    asker = _Forbidden(Sight(world, role))
    found = [Question(role, name, text, variables) for name, text, variables in asker.questions()]
    return choices.one(found) if found else None


def null_questions(world: World) -> Iterator[tuple[str, Document]]:
    """A null operand, in every way of giving one: dropping the comparison would answer more than was asked."""
    for role in world.roles:
        sight = Sight(world, role)
        for table in world.tables:
            if "select" in sight.roots(table) and sight.columns(table):
                yield from ((role, document) for document in _nulls(sight, table, sight.columns(table)[0]))


def _nulls(sight: Sight, table: Table, column: Column) -> Iterator[Document]:
    root, name = dict(table.roots)["select"], column.field
    type_ = sight.world.spelling.type(table.name, "bool_exp")
    yield Document(f"query Q {{ {root}(where: {{{name}: {{_eq: null}}}}) {{ __typename }} }}", {})
    operand = f"query Q($v: {column.kind.type}) {{ {root}(where: {{{name}: {{_eq: $v}}}}) {{ __typename }} }}"
    yield Document(operand, {})
    yield Document(operand, {"v": None})
    whole = f"query Q($w: {type_}) {{ {root}(where: $w) {{ __typename }} }}"
    yield Document(whole, {"w": {name: {"_eq": None}}})
    yield Document(whole, {"w": {"_or": None}})
    yield Document(whole, {"w": {name: None}})


Asked = tuple[str, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Forbidden:
    sight: Sight

    def questions(self) -> Iterator[Asked]:
        for table in self.sight.world.tables:
            roots = dict(table.roots)
            possible = set(self.sight.roots(table))
            for kind in ROOTS:
                if kind not in possible:
                    yield roots[kind], f"query Q {{ {MARK} {{ __typename }} }}", {}
                    yield roots[kind], f"query Q {{ {MARK}(limit: 1) {{ aggregate {{ count }} }} }}", {}
            if "select" in possible:
                yield from self._of_rows(table, roots["select"])
                yield from self._of_computed(table, roots["select"])
            if "select_aggregate" in possible:
                yield from self._of_aggregates(table, roots["select_aggregate"])
        yield from self._of_functions()

    # ------------------------------------------------------------ functions

    def _of_functions(self) -> Iterator[Asked]:
        possible = [*self.sight.functions()]
        for function in self.sight.world.functions:
            below = " { __typename }" if function.routine.is_rows else ""
            for root, name in function.roots:
                if function not in possible:
                    yield name, f"query Q {{ {MARK}{below} }}", {}
                    yield name, f"query Q {{ {MARK}(args: {{}}){below} }}", {}
                elif root == "function_aggregate" and not self.sight.aggregates(self._target(function.routine)):
                    yield name, f"query Q {{ {MARK} {{ aggregate {{ count }} }} }}", {}

    def _target(self, routine: Routine) -> Table:
        return self.sight.world.table(routine.returns)

    def _of_computed(self, table: Table, root: str) -> Iterator[Asked]:
        """Those that the role may not ask for; and in filters and orders, those that take arguments."""
        asked = [*self.sight.listed(table), *self.sight.row_fields(table)]
        for field in table.computed:
            is_rows = field.routine.is_rows
            if field not in asked:
                below = " { __typename }" if is_rows else ""
                yield field.name, f"query Q {{ {root} {{ {MARK}{below} }} }}", {}
            if field not in asked or not field.routine.is_plain:
                yield from self._computed_arguments(field, table, root)

    def _computed_arguments(self, field: Computed, table: Table, root: str) -> Iterator[Asked]:
        word, spelling = self.sight.world.spelling.word, self.sight.world.spelling
        test = "{}" if field.routine.is_rows else f"{{{word('_is_null')}: false}}"
        yield field.name, f"query Q {{ {root}(where: {{_not: {{{MARK}: {test}}}}}) {{ __typename }} }}", {}
        if any(column.kind.sorts for column in self.sight.columns(table)) and not field.routine.is_rows:
            order = f"{word('order_by')}: {{{MARK}: {spelling.direction('asc')}}}"
            yield field.name, f"query Q {{ {root}({order}) {{ __typename }} }}", {}

    # ------------------------------------------------------------ rows

    def _of_rows(self, table: Table, root: str) -> Iterator[Asked]:
        for column in self._unreadable(table):
            yield from self._of_column(column, table, root)
        for link in table.links:
            target = self.sight.world.table(link.table)
            if not self.sight.sees(target):
                yield from self._of_link(link.name, table, root)
            elif link.kind == "array" and not self.sight.aggregates(target):
                yield from self._of_link(self.sight.world.spelling.aggregate_field(link.name), table, root)
            else:
                yield from self._through(link, target, root)

    def _unreadable(self, table: Table) -> list[Column]:
        readable = self.sight.columns(table)
        return [column for column in table.columns if column not in readable]

    def _of_column(self, column: Column, table: Table, root: str) -> Iterator[Asked]:
        word, name = self.sight.world.spelling.word, column.field
        where = f"{{{MARK}: {{{word('_is_null')}: false}}}}"
        yield name, f"query Q {{ {root} {{ {MARK} }} }}", {}
        yield name, f"query Q {{ {root}(where: {where}) {{ __typename }} }}", {}
        yield name, f"query Q {{ {root}(where: {{_not: {{_or: [{where}]}}}}) {{ __typename }} }}", {}
        type_ = self.sight.world.spelling.type(table.name, "bool_exp")
        whole = {"_and": [{MARK: {word("_is_null"): False}}]}
        yield name, f"query Q($w: {type_}) {{ {root}(where: $w) {{ __typename }} }}", {"w": whole}
        if self.sight.columns(table):
            # Else there are no such arguments at all.
            down = self.sight.world.spelling.direction("desc")
            yield name, f"query Q {{ {root}({word('order_by')}: {{{MARK}: {down}}}) {{ __typename }} }}", {}
            yield name, f"query Q {{ {root}({word('distinct_on')}: [{MARK}]) {{ __typename }} }}", {}

    def _of_link(self, name: str, table: Table, root: str) -> Iterator[Asked]:
        spelling = self.sight.world.spelling
        yield name, f"query Q {{ {root} {{ {MARK} {{ __typename }} }} }}", {}
        yield name, f"query Q {{ {root}(where: {{{MARK}: {{}}}}) {{ __typename }} }}", {}
        count = f"{{{MARK}: {{count: {{predicate: {{_gt: 0}}}}}}}}"
        yield name, f"query Q {{ {root}(where: {count}) {{ __typename }} }}", {}
        if any(column.kind.sorts for column in self.sight.columns(table)):
            order = f"{{{MARK}: {{count: {spelling.direction('asc')}}}}}"
            yield name, f"query Q {{ {root}({spelling.word('order_by')}: {order}) {{ __typename }} }}", {}

    def _through(self, link: Link, target: Table, root: str) -> Iterator[Asked]:
        """What may not be named of a table is not named through a relationship either."""
        spelling = self.sight.world.spelling
        for column in self._unreadable(target):
            test = f"{{{MARK}: {{{spelling.word('_is_null')}: true}}}}"
            yield column.field, f"query Q {{ {root}(where: {{{link.name}: {test}}}) {{ __typename }} }}", {}
            if self.sight.is_shown(target):
                yield column.field, f"query Q {{ {root} {{ {link.name} {{ {MARK} }} }} }}", {}
            if link.kind == "object" and any(each.kind.sorts for each in self.sight.columns(target)):
                order = f"{{{link.name}: {{{MARK}: {spelling.direction('asc')}}}}}"
                yield column.field, f"query Q {{ {root}({spelling.word('order_by')}: {order}) {{ __typename }} }}", {}
            if link.kind == "array" and self.sight.columns(target):
                name = spelling.aggregate_field(link.name)
                count = f"{{count: {{arguments: [{MARK}], predicate: {{_gt: 0}}}}}}"
                yield column.field, f"query Q {{ {root}(where: {{{name}: {count}}}) {{ __typename }} }}", {}

    # ------------------------------------------------------------ aggregates

    def _of_aggregates(self, table: Table, root: str) -> Iterator[Asked]:
        readable = self.sight.columns(table)
        for column in self._unreadable(table):
            kind = KINDS[column.kind_name]
            for function, fits in (("max", kind.peaks), ("sum", kind.sums)):
                like = any(each.kind.peaks if function == "max" else each.kind.sums for each in readable)
                if fits and like:
                    below = f"aggregate {{ {function} {{ {MARK} }} }}"
                    yield column.field, f"query Q {{ {root} {{ {below} }} }}", {}
            if readable:
                below = f"aggregate {{ count(columns: [{MARK}]) }}"
                yield column.field, f"query Q {{ {root} {{ {below} }} }}", {}
        for field in table.computed:
            is_asked = field in self.sight.listed(table)
            if not is_asked and any(column.kind.peaks for column in readable):
                yield field.name, f"query Q {{ {root} {{ aggregate {{ max {{ {MARK} }} }} }} }}", {}
