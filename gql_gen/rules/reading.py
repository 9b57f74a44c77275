"""YAML text → a tree of nodes that know their place in the file, holding JSON and nothing else.

Numbers keep every digit: integers are int, decimals Decimal. Whatever YAML has beyond JSON (tags, dates, merge keys,
keys that are not text, numbers in odd spellings) is a fault or plain text, never a surprise.

Two readers agree on this. The quick one (`gql_gen.rules.quick`) reads what is without fault; for everything else the
careful one, below, says what is wrong and where.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from gql_gen.rules.faults import Faults
from gql_gen.rules.nodes import Entry, Keyed, Leaf, Listing, Node, Scalar, node_of, plain
from gql_gen.rules.quick import read_quickly
from gql_gen.rules.scalars import STANDARD, TEXT, ForeignTag, OddNumber, scalar_value
from gql_gen.rules.types import Fault, Mark, RulesError

__all__ = ["Entry", "Keyed", "Leaf", "Listing", "Node", "node_of", "plain", "read_carefully", "read_yaml"]

MAX_DEPTH: Final = 100
MAX_NODES: Final = 1_000_000
"""Counted with every alias expanded, so that a few lines cannot ask for billions of nodes."""


def read_yaml(text: str, file: str, *, include_tag: bool = False) -> Node:
    """The one document in `text`; an empty text is an empty mapping. With `include_tag`, `!include x` reads as the text
    "!include x". Raises RulesError with every fault of form."""
    node = read_quickly(text, file, max_depth=MAX_DEPTH, max_nodes=MAX_NODES)
    return read_carefully(text, file, include_tag=include_tag) if node is None else node


def read_carefully(text: str, file: str, *, include_tag: bool = False) -> Node:
    """The same by the careful reader alone."""
    faults = Faults()
    composed = _composed(text, file)
    builder = _Builder(file, faults, include_tag)
    node = Keyed((), Mark(file, 1, 1)) if composed is None else builder.node(composed, 0)
    faults.check()
    return node


def _composed(text: str, file: str) -> Any:
    try:
        return YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise RulesError((_syntax_fault(error, file),)) from error
    except ReaderError as error:
        raise RulesError((_character_fault(error, text, file),)) from error
    except RecursionError as error:
        raise RulesError((Fault(Mark(file, 1, 1), "the file is nested too deeply"),)) from error
    except (YAMLError, ValueError) as error:
        raise RulesError((Fault(Mark(file, 1, 1), f"this is not YAML: {error}"),)) from error


def _syntax_fault(error: MarkedYAMLError, file: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    at = Mark(file, mark.line + 1, mark.column + 1) if mark is not None else Mark(file, 1, 1)
    return Fault(at, f"this is not YAML: {', '.join(part for part in (error.context, error.problem) if part)}")


def _character_fault(error: ReaderError, text: str, file: str) -> Fault:
    before = text[: error.position]
    at = Mark(file, before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
    return Fault(at, "this character is not allowed in YAML", "write it as an escape between double quotes")


@dataclass(slots=True)
class _Builder:
    """Turns ruamel's nodes into ours. Aliases arrive as shared nodes and are expanded, within limits."""

    file: str
    faults: Faults
    include_tag: bool
    count: int = 0

    def node(self, node: Any, depth: int) -> Node:
        at = self.mark(node)
        self.count += 1
        if depth > MAX_DEPTH:
            raise RulesError((Fault(at, f"nested more than {MAX_DEPTH} levels deep"),))
        if self.count > MAX_NODES:
            raise RulesError((Fault(at, "the file's aliases expand to too much"),))
        tag = str(node.tag)
        if isinstance(node, ScalarNode):
            return Leaf(self.scalar(tag, node.value, at), at)
        if isinstance(node, SequenceNode) and tag == STANDARD + "seq":
            return Listing(tuple(self.node(item, depth + 1) for item in node.value), at)
        if isinstance(node, MappingNode) and tag == STANDARD + "map":
            return self.keyed(node, depth, at)
        return self.refused_tag(tag, at)

    def keyed(self, node: Any, depth: int, at: Mark) -> Keyed:
        entries: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node)
            value = self.node(value_node, depth + 1)
            if key is None:
                continue
            if key in entries:
                self.faults.add(
                    self.mark(key_node), f'"{key}" stands here twice', f"first at line {entries[key].at.line}"
                )
            else:
                entries[key] = Entry(key, value, self.mark(key_node))
        return Keyed(tuple(entries.values()), at)

    def key(self, node: Any) -> str | None:
        if isinstance(node, ScalarNode) and str(node.tag) == TEXT:
            return str(node.value)
        if isinstance(node, ScalarNode) and str(node.tag) == STANDARD + "merge":
            self.faults.add(
                self.mark(node), "merge keys (<<) are not part of this format", "use a named rule, or an alias"
            )
        else:
            self.faults.add(self.mark(node), "a key must be text", "put it between double quotes")
        return None

    def scalar(self, tag: str, text: str, at: Mark) -> Scalar:
        if tag == "!include" and self.include_tag:
            return f"!include {text}"
        try:
            return scalar_value(tag, text)
        except OddNumber:
            self.faults.add(
                at, f"{json.dumps(text)} is not a plain decimal number", "put it between double quotes to make it text"
            )
        except ForeignTag:
            self.refused_tag(tag, at)
        return None

    def refused_tag(self, tag: str, at: Mark) -> Leaf:
        self.faults.add(at, f"tags are not part of this format: {tag.replace(STANDARD, '!!')}", "remove the tag")
        return Leaf(None, at)

    def mark(self, node: Any) -> Mark:
        return Mark(self.file, node.start_mark.line + 1, node.start_mark.column + 1)
