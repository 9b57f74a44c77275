"""Any tree of frozen dataclasses, changed or taken apart without knowing what it is a tree of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from property.predicates import Pred, Value

Tree = TypeVar("Tree")


def rebuilt(tree: Tree, change: Callable[[Any], Any]) -> Tree:
    """The tree with every node replaced by what `change` makes of it, the innermost first."""
    found: Any = tree
    if isinstance(found, tuple):
        items = tuple(rebuilt(item, change) for item in found)
        is_same = all(after is before for after, before in zip(items, found, strict=True))
        return tree if is_same else items  # type: ignore[return-value]
    if not _names(type(found)):
        return tree
    new = {}
    for name, value in _parts(found):
        after = rebuilt(value, change)
        if after is not value:
            new[name] = after
    changed: Any = replace(found, **new) if new else found
    result: Tree = change(changed)
    return result


def nodes(tree: Any) -> Iterator[Any]:
    """Every dataclass in the tree, the outermost first."""
    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, tuple):
            left.extend(reversed(node))
        elif _names(type(node)):
            yield node
            left.extend(value for _, value in reversed(_parts(node)))


def _parts(node: Any) -> list[tuple[str, Any]]:
    """The fields that may hold nodes."""
    found = []
    for name in _names(type(node)):
        value = getattr(node, name)
        if isinstance(value, tuple) or _names(type(value)):
            found.append((name, value))
    return found


def _names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass; none for anything else."""
    known = _KNOWN.get(kind)
    if known is None:
        known = _KNOWN[kind] = tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()
    return known


_KNOWN: dict[type, tuple[str, ...]] = {}


def settled(pred: Pred) -> Pred:
    """A condition none of whose operands is a variable: all of it comes in one."""

    def settle(node: Any) -> Any:
        return replace(node, how="inline", default=None, sent=True) if isinstance(node, Value) else node

    return rebuilt(pred, settle)


# ---------------------------------------------------------------- smaller trees


def smaller(tree: Any, is_optional: Callable[[Any, str], bool]) -> Iterator[Any]:
    """Trees with one thing less: an item of a tuple, or a field that may be None and that `is_optional`; conditions
    also give way to a part of themselves."""
    if isinstance(tree, tuple):
        for index, item in enumerate(tree):
            yield (*tree[:index], *tree[index + 1 :])
            for less in smaller(item, is_optional):
                yield (*tree[:index], less, *tree[index + 1 :])
        return
    if not is_dataclass(tree) or isinstance(tree, type):
        return
    if isinstance(tree, Pred) and tree != Pred.always():
        yield Pred.always()
        yield from (part for name, part in _parts(tree) if name == "part" and not _walks(tree))
    for name, value in _parts(tree):
        if is_optional(tree, name):
            yield replace(tree, **{name: None})
        for less in smaller(value, is_optional):
            yield replace(tree, **{name: less})


def _walks(pred: Pred) -> bool:
    """Whether its part speaks about rows of another table."""
    return hasattr(pred, "link") or hasattr(pred, "table")
