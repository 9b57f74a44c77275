"""Mutations → GraphQL documents with variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from property.predicates import Pred
from property.printing import Document, Enum, Printer, Variable, aliased, where_tree
from property.queries import Item
from property.world import Table, World
from property.writes import (
    Affected,
    Assign,
    Change,
    Conflict,
    DeleteRoot,
    InsertRoot,
    Mutation,
    NestedRows,
    NewRow,
    Returning,
    UpdateRoot,
    Verbatim,
    WriteRoot,
    is_single,
)


def printed_mutation(mutation: Mutation, world: World) -> Document:
    """The document and the variables that go with it."""
    printer = WritePrinter(world)
    body = printer.selection(mutation.items, "mutation_root", None)
    head = f"mutation M({', '.join(printer.definitions)}) " if printer.definitions else "mutation M "
    return Document("\n".join([head + body, *printer.fragments]), printer.variables)


@dataclass(slots=True)
class WritePrinter(Printer):
    def item(self, item: Item, type_: str, table: Table | None, directive: str = "") -> str:
        match item:
            case InsertRoot() | UpdateRoot() | DeleteRoot():
                return self.write_root(item, directive)
            case Verbatim():
                return item.text
            case Affected():
                return aliased(item.key, self.world.spelling.word("affected_rows")) + directive
            case Returning():
                assert table is not None
                below = self.selection(item.items, self.world.spelling.type(table.name), table)
                return f"{aliased(item.key, 'returning')}{directive} {below}"
            case _:
                # `super()` alone does not know its class where slots make another one of it.
                return Printer.item(self, item, type_, table, directive)

    def write_root(self, root: WriteRoot, directive: str) -> str:
        table, spelling = self.world.table(root.table), self.world.spelling
        name = spelling.write_roots(table.name)[root.kind]
        given = self.tree_of(root, table)
        arguments = f"({', '.join(f'{key}: {self.literal(tree)}' for key, tree in given.items())})" if given else ""
        type_ = spelling.type(table.name, "" if is_single(root) else "mutation_response")
        return aliased(root.key, name) + arguments + directive + " " + self.selection(root.items, type_, table)

    # ------------------------------------------------------------ arguments

    def tree_of(self, root: WriteRoot, table: Table) -> dict[str, Any]:
        match root:
            case InsertRoot():
                return self.insert_tree(root, table)
            case UpdateRoot(kind="update_many"):
                trees: Any = [self.change_tree(change, table) for change in root.changes]
                type_ = f"[{self.world.spelling.type(table.name, 'updates')}!]!"
                return {"updates": Variable(type_, trees) if root.changes_how == "variable" else trees}
            case UpdateRoot(kind="update"):
                return self.change_tree(root.changes[0], table)
            case UpdateRoot():
                key = {table.column(n).field: v for n, v in zip(table.primary_key, root.primary_key, strict=True)}
                assigns = self.assign_trees(root.changes[0].assigns, table)
                return {self.world.spelling.word("pk_columns"): key, **assigns}
            case DeleteRoot(kind="delete"):
                return {"where": self.where_tree(root.where, table)}
            case _:
                pairs = zip(table.primary_key, root.primary_key, strict=True)
                return {table.column(name).field: value for name, value in pairs}

    def insert_tree(self, root: InsertRoot, table: Table) -> dict[str, Any]:
        rows: Any = [self.row_tree(row, table) for row in root.rows]
        type_ = self.world.spelling.type(table.name, "insert_input")
        if root.kind == "insert_one":
            found = {"object": Variable(f"{type_}!", rows[0]) if root.rows_how == "variable" else rows[0]}
        else:
            found = {"objects": Variable(f"[{type_}!]!", rows) if root.rows_how == "variable" else rows}
        return {**found, **self.conflict_tree(root.conflict, table)}

    def row_tree(self, row: NewRow, table: Table) -> dict[str, Any]:
        found: dict[str, Any] = {table.column(cell.column).field: cell.value for cell in row.cells}
        return {**found, **{nested.link: self.nested_tree(nested, table) for nested in row.nested}}

    def nested_tree(self, nested: NestedRows, table: Table) -> dict[str, Any]:
        link = table.link(nested.link)
        target = self.world.table(link.table)
        rows = [self.row_tree(row, target) for row in nested.rows]
        return {"data": rows[0] if link.kind == "object" else rows, **self.conflict_tree(nested.conflict, target)}

    def conflict_tree(self, conflict: Conflict | None, table: Table) -> dict[str, Any]:
        if conflict is None:
            return {}
        word = self.world.spelling.word
        columns = [Enum(table.column(name).field) for name in conflict.update]
        tree: dict[str, Any] = {"constraint": Enum(conflict.target), word("update_columns"): columns}
        if conflict.where is not None:
            tree["where"] = self.where_tree(conflict.where, table)
        if conflict.returns_existing:
            tree[word("return_existing")] = True
        return {word("on_conflict"): tree}

    def change_tree(self, change: Change, table: Table) -> dict[str, Any]:
        where = {} if change.where is None else self.where_tree(change.where, table)
        return {"where": where, **self.assign_trees(change.assigns, table)}

    def assign_trees(self, assigns: tuple[Assign, ...], table: Table) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for assign in assigns:
            below = found.setdefault(self.world.spelling.word(assign.operator), {})
            below[table.column(assign.column).field] = assign.value
        return found

    def where_tree(self, where: Pred, table: Table) -> Any:
        return where_tree(where, table, self.world)
