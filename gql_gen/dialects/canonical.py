"""One text for all ways to write an operation: what allow lists compare."""

from __future__ import annotations

from typing import Any

from graphql.language import FieldNode, FragmentSpreadNode, Node, SelectionSetNode, Visitor, print_ast, visit

from gql_gen.dialects.document import Operation


def canonical(operation: Operation) -> str:
    """The operation and the fragments it uses. Comments, white space, the order of fragments, unused fragments, and
    `__typename` beside other fields make no difference; everything else does."""
    text, spread = _bare(operation.node)
    fragments: dict[str, str] = {}
    waiting = spread
    while waiting:
        name = waiting.pop()
        if name in operation.fragments and name not in fragments:
            fragments[name], spread = _bare(operation.fragments[name])
            waiting |= spread
    return "\n\n".join((text, *(fragments[name] for name in sorted(fragments))))


def _bare(node: Node) -> tuple[str, set[str]]:
    """The text of a definition, and the fragments that it spreads."""
    visitor = _Bare()
    return print_ast(visit(node, visitor)), visitor.spread


class _Bare(Visitor):
    """Leaves out what clients add by themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.spread: set[str] = set()

    @staticmethod
    def enter_selection_set(node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        kept = tuple(selection for selection in node.selections if not _is_typename(selection))
        # Alone it is a question of its own: how many rows there are.
        return SelectionSetNode(selections=kept) if 0 < len(kept) < len(node.selections) else None

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.spread.add(node.name.value)


def _is_typename(node: Node) -> bool:
    return isinstance(node, FieldNode) and node.name.value == "__typename"
