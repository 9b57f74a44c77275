"""The quick reader: libyaml's events → nodes, thirty times as fast as reading in Python alone.

It reads what nothing can be said against. Whatever is wrong, odd, or understood differently by the two parsers, it
declines, and the careful reader (`gql_gen.rules.reading`) has the word: every message comes from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import yaml
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver

from gql_gen.rules.nodes import Entry, Keyed, Leaf, Listing, Node, Scalar
from gql_gen.rules.scalars import TEXT, ForeignTag, OddNumber, scalar_value
from gql_gen.rules.types import Mark

IS_HERE: Final[bool] = yaml.__with_libyaml__
"""PyYAML can be built without libyaml; then all reading is careful."""

_DISPUTED: Final = re.compile(
    r"""
    [^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]  # tabs, lone returns …
    | (?<!\w)[&*][-\w]+[?:%@`]  # where the name of an anchor ends
    | (?<!\w)[|>][-+0-9]*\#  # a comment, or not
    | ^\.\.\.  # a document's end, or a second document
    """,
    re.VERBOSE | re.MULTILINE,
)
"""Where not all parsers agree."""

_BLOCKS: Final = ("|", ">")


class _Declined(Exception):
    pass


class _Anchored(NamedTuple):
    """A node that aliases repeat: how many nodes it has with all below it, and over how many levels."""

    node: Node
    nodes: int
    levels: int


class _Plain(dict[str, tuple[str, Scalar]]):
    """Tag and value of each scalar without quotes, found once for each spelling."""

    def __init__(self) -> None:
        self._resolver = VersionedResolver()

    def __missing__(self, text: str) -> tuple[str, Scalar]:
        tag = str(self._resolver.resolve(ScalarNode, text, (True, False)))
        found = self[text] = tag, scalar_value(tag, text)
        return found


def read_quickly(text: str, file: str, *, max_depth: int, max_nodes: int) -> Node | None:
    """What the careful reader would make of `text` without a fault, or None: ask it."""
    if not IS_HERE or _DISPUTED.search(text):
        return None
    try:
        return _Reader(text, file, max_depth, max_nodes).document()
    except (_Declined, ForeignTag, OddNumber, yaml.YAMLError):
        return None


class _Reader:
    def __init__(self, text: str, file: str, max_depth: int, max_nodes: int) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=yaml.CBaseLoader)
        self._text = text
        self._file = file
        self._max_depth = max_depth
        self._max_nodes = max_nodes
        self._plain = _Plain()
        self._anchors: dict[str, _Anchored] = {}
        self._count = 0
        self._deepest = 0

    def document(self) -> Node:
        """The one document."""
        self._expect(yaml.StreamStartEvent)
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            return Keyed((), Mark(self._file, 1, 1))
        if start.version is not None or start.tags is not None:
            raise _Declined
        node = self._node(next(self._events), 0)
        self._expect(yaml.DocumentEndEvent)
        self._expect(yaml.StreamEndEvent)
        return node

    def _expect(self, kind: type[Any]) -> None:
        if not isinstance(next(self._events), kind):
            raise _Declined

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._repeated(event.anchor, depth)
        self._enter(1, depth)
        if event.tag is not None:
            raise _Declined
        if event.anchor is not None:
            return self._anchored(event, depth)
        return self._made(event, depth)

    def _made(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return Leaf(self._value(event), self._mark(event))
        if isinstance(event, yaml.MappingStartEvent):
            self._check_braces(event)
            return Keyed(self._entries(depth + 1), self._mark(event))
        return Listing(self._items(depth + 1), self._mark(event))

    def _check_braces(self, event: Any) -> None:
        """`[a: 1]` is a list of a mapping, and too easily meant otherwise for all parsers to agree."""
        if event.flow_style and self._text[event.end_mark.index - 1] != "{":
            raise _Declined

    def _value(self, event: Any) -> Scalar:
        text: str = event.value
        if event.implicit[0]:
            if not text:  # nothing at all: the parsers disagree where it stands
                raise _Declined
            return self._plain[text][1]
        if event.style in _BLOCKS and (not text or text[0].isspace()):  # they disagree what its indentation is
            raise _Declined
        return text

    def _items(self, depth: int) -> tuple[Node, ...]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth))
        return tuple(items)

    def _entries(self, depth: int) -> tuple[Entry, ...]:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in entries:
                raise _Declined
            entries[key] = Entry(key, self._node(next(self._events), depth), self._mark(event))
        return tuple(entries.values())

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.tag is not None or event.anchor is not None:
            raise _Declined
        if event.style in _BLOCKS:
            raise _Declined
        text: str = event.value
        if event.implicit[0] and self._plain[text][0] != TEXT:
            raise _Declined
        return text

    def _anchored(self, event: Any, depth: int) -> Node:
        """A node with a name, known by it when it is complete."""
        if event.anchor in self._anchors:
            raise _Declined
        before, above = self._count - 1, self._deepest
        self._deepest = depth
        node = self._made(event, depth)
        if event.anchor in self._anchors:
            raise _Declined
        self._anchors[event.anchor] = _Anchored(node, self._count - before, self._deepest - depth)
        self._deepest = max(above, self._deepest)
        return node

    def _repeated(self, anchor: Any, depth: int) -> Node:
        found = self._anchors.get(anchor)
        if found is None:
            raise _Declined
        self._enter(found.nodes, depth + found.levels)
        return found.node

    def _enter(self, count: int, depth: int) -> None:
        """The limits count what aliases repeat."""
        self._count += count
        self._deepest = max(self._deepest, depth)
        if self._count > self._max_nodes or depth > self._max_depth:
            raise _Declined

    def _mark(self, event: Any) -> Mark:
        start = event.start_mark
        return Mark(self._file, start.line + 1, start.column + 1)
