"""How deep and how large an operation is, fragments expanded, in time linear in its text.

Both numbers count fields that have selections of their own. Whatever is spread counts each time it is spread, and an
alias is a field like any other; but a fragment is measured once, so that fragments which double one another cost no
more than they are long. A fragment inside itself is refused here, also where `@skip` would keep it closed: it has no
size. What looks at the schema (`__schema`, `__type`) does not count: it has a bound of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)

from gql_gen.dialects.document import Operation, circular

INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class Size:
    """`depth`: the longest way from the root down; `nodes`: how many there are in all."""

    depth: int
    nodes: int


_NOTHING = Size(0, 0)


def measured(operation: Operation) -> Size:
    """The size of an operation, whatever its variables skip. `{ viewer { name } }` is 1 deep and has 1 node. Raises
    Rejected for fragments that form a cycle."""
    return _Scale(operation.fragments).of(operation.node.selection_set, "$.selectionSet")


class _Scale:
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, Size] = {}
        self._inside: dict[str, None] = {}

    def of(self, selection_set: SelectionSetNode, path: str) -> Size:
        depth = nodes = 0
        for selection in selection_set.selections:
            part = self._part(selection, path)
            depth = max(depth, part.depth)
            nodes += part.nodes
        return Size(depth, nodes)

    def _part(self, selection: SelectionNode, path: str) -> Size:
        match selection:
            case FieldNode(selection_set=SelectionSetNode() as below) if selection.name.value not in INTROSPECTION:
                inner = self.of(below, f"{path}.{selection.name.value}.selectionSet")
                return Size(inner.depth + 1, inner.nodes + 1)
            case InlineFragmentNode():
                return self.of(selection.selection_set, path)
            case FragmentSpreadNode():
                return self._fragment(selection.name.value, path)
            case _:
                return _NOTHING

    def _fragment(self, name: str, path: str) -> Size:
        if name in self._inside:
            names = tuple(self._inside)
            raise circular(names[names.index(name) :], path)
        known = self._known.get(name)
        if known is None:
            # One that does not exist counts nothing here: reading refuses it.
            self._inside[name] = None
            fragment = self._fragments.get(name)
            known = _NOTHING if fragment is None else self.of(fragment.selection_set, f"{path}.{name}.selectionSet")
            self._known[name] = known
            del self._inside[name]
        return known
