"""A plan as text to be read: in golden files, and by whoever asks why an answer is what it is.

    list · rows of public.article
        rule    state _eq 'published'
        where   title _like $like
        order   views desc
        limit   $limit, at most 5
        show    id, title as headline
        author · one row of public.author by author_id = id

Names are SQL's. A rule and a role's limit are there once the plan has passed the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from gql_gen.model.predicates import (
    TRUE,
    AggregateTest,
    All,
    AnyOf,
    CastRef,
    ColumnRef,
    Compare,
    ComputedRef,
    Exists,
    IsNull,
    Not,
    Pred,
    Slot,
    Value,
)
from gql_gen.plan.nodes import (
    Aggregate,
    AggregateShow,
    Call,
    CallValue,
    Connection,
    ConnectionShow,
    Node,
    Plan,
    Root,
    Select,
    Show,
    ShowAggregate,
    ShowColumn,
    ShowComputed,
    ShowCursor,
    ShowEdges,
    ShowGlobalId,
    ShowGroup,
    ShowLink,
    ShowNode,
    ShowNodes,
    ShowPage,
    ShowPageInfo,
    ShowRows,
    ShowText,
    SortKey,
)

On = tuple[tuple[str, str], ...]
_INDENT = "    "


def show(plan: Plan) -> str:
    """The whole plan, a node a paragraph, what it holds indented below it. Ends in a line break."""
    lines = (line for root in plan.roots for line in root_lines(root))
    return "".join(f"{line}\n" for line in lines)


def root_lines(root: Root) -> Iterator[str]:
    """One root of it."""
    return _node(root.node, root.alias)


# ---------------------------------------------------------------- nodes


def _node(node: Node, alias: str, by: str = "") -> Iterator[str]:
    match node:
        case Select():
            rows = "one row" if node.single else "rows"
        case Aggregate():
            rows = "aggregates"
        case Connection():
            rows = "a page"
        case CallValue():
            yield f"{alias} · {_computed(node.call)}"
            return
        case _:
            assert_never(node)
    made = "" if node.rows is None else f" from {_computed(node.rows)}"
    yield f"{alias} · {rows} of {node.relation}{by}{made}"
    if isinstance(node, Connection):
        yield from indented((*_conditions(node), *_cursor_page(node), *_connection(node.show)))
        return
    shown = rows_shown(node.show) if isinstance(node, Select) else _aggregates(node.show)
    yield from indented((*_conditions(node), *_page(node), *shown))


def _cursor_page(node: Connection) -> Iterator[str]:
    if node.distinct:
        yield line("distinct", ", ".join(map(_reference, node.distinct)))
    yield line("order", ", ".join(_sort_key(key.sort) for key in node.order))
    if node.cursor:
        yield line("before" if node.is_before else "after", ", ".join(map(_cursor_value, node.cursor)))
    limits = [] if node.limit is None else [slot_text(node.limit)]
    limits += [] if node.row_limit is None else [f"at most {node.row_limit}"]
    if limits or node.is_last:
        yield line("last" if node.is_last else "first", ", ".join(limits))


def _cursor_value(slot: Slot) -> str:
    inside = "" if slot.type.inside is None else ".".join(map(str, slot.type.inside.keys))
    return slot_text(slot) if slot.source == "literal" else f"{inside} in {slot_text(slot)}"


def _connection(shows: tuple[ConnectionShow, ...]) -> Iterator[str]:
    for each in shows:
        match each:
            case ShowEdges():
                yield f"{each.alias} · the edges"
                yield from indented(_edges(each))
            case ShowPageInfo():
                yield f"{each.alias} · {', '.join(map(_page_part, each.parts))}"
            case ShowText():
                yield line("show", named(f"'{each.text}'", each.alias))
            case _:
                assert_never(each)


def _edges(edges: ShowEdges) -> Iterator[str]:
    for part in edges.parts:
        match part:
            case ShowCursor():
                yield line("show", named("cursor", part.alias))
            case ShowNode():
                yield f"{part.alias} · the row"
                yield from indented(rows_shown(part.show))
            case ShowText():
                yield line("show", named(f"'{part.text}'", part.alias))
            case _:
                assert_never(part)


def _page_part(part: ShowPage | ShowText) -> str:
    return named(part.part if isinstance(part, ShowPage) else f"'{part.text}'", part.alias)


def _conditions(node: Select | Aggregate | Connection) -> Iterator[str]:
    if node.rule is not None:
        yield line("rule", pred_text(node.rule))
    if node.where != TRUE:
        yield line("where", pred_text(node.where))


def _page(node: Select | Aggregate) -> Iterator[str]:
    if node.distinct:
        yield line("distinct", ", ".join(map(_reference, node.distinct)))
    if node.order:
        yield line("order", ", ".join(map(_sort_key, node.order)))
    limits = [] if node.limit is None else [slot_text(node.limit)]
    if node.row_limit is not None:
        limits.append(f"at most {node.row_limit}" + (" nodes" if isinstance(node, Aggregate) else ""))
    if limits:
        yield line("limit", ", ".join(limits))
    if node.offset is not None:
        yield line("offset", slot_text(node.offset))


def rows_shown(shows: tuple[Show, ...]) -> Iterator[str]:
    """Columns on one line, relationships below, each in the order of the answer among its like."""
    leaves = [leaf for leaf in map(_leaf, shows) if leaf is not None]
    if leaves:
        yield line("show", ", ".join(leaves))
    for each in shows:
        if isinstance(each, ShowLink):
            yield from _node(each.node, each.alias, f" by {joined(each.on)}")
        elif isinstance(each, ShowRows):
            yield from _node(each.node, each.alias)


def _leaf(each: Show) -> str | None:
    match each:
        case ShowColumn() | ShowComputed():
            value = _reference(each.column if isinstance(each, ShowColumn) else each.value)
            path = "" if each.json_path is None else f" #> {slot_text(each.json_path)}"
            cast = "::text" if each.as_text else ""
            return named(f"{value}{path}{cast}", each.alias)
        case ShowText():
            return named(f"'{each.text}'", each.alias)
        case ShowGlobalId():
            return named(f"global id of {', '.join(map(_reference, each.key))}", each.alias)
        case ShowLink() | ShowRows():
            return None
        case _:
            assert_never(each)


def _aggregates(shows: tuple[AggregateShow, ...]) -> Iterator[str]:
    for each in shows:
        match each:
            case ShowGroup():
                yield f"{each.alias} · {', '.join(_functions(each))}"
            case ShowNodes():
                yield f"{each.alias} · the rows"
                yield from indented(rows_shown(each.show))
            case ShowText():
                yield line("show", named(f"'{each.text}'", each.alias))
            case _:
                assert_never(each)


def _functions(group: ShowGroup) -> Iterator[str]:
    for part in group.parts:
        match part:
            case ShowGroup():
                yield f"{part.alias} {{ {', '.join(_functions(part))} }}"
            case ShowAggregate():
                cast = "::text" if part.as_text else ""
                columns = tuple(map(_reference, part.columns))
                yield named(_call(part.function, columns, part.distinct) + cast, part.alias)
            case ShowText():
                yield named(f"'{part.text}'", part.alias)
            case _:
                assert_never(part)


# ---------------------------------------------------------------- predicates


def pred_text(pred: Pred) -> str:
    """A predicate in one line; a column of an outer row is marked by a `^` for each step outwards."""
    match pred:
        case Compare():
            return f"{_operand(pred.left)} {pred.operator} {_operand(pred.right)}"
        case IsNull():
            return f"{_operand(pred.column)} is {'not ' if pred.negated else ''}null"
        case All():
            return _connected(pred.parts, " and ", "true")
        case AnyOf():
            return _connected(pred.parts, " or ", "false")
        case Not():
            return f"not {_nested(pred.part)}"
        case Exists():
            made = "" if pred.rows is None else f"{_computed(pred.rows)} in "
            return f"exists {made}{_related(pred.relation.name, pred.on, pred.where, pred.rule)}"
        case AggregateTest():
            return _aggregate_test(pred)
        case _:
            assert_never(pred)


def _aggregate_test(test: AggregateTest) -> str:
    guards = dict(test.guards)
    shown = (f"({name} where {pred_text(guards[name])})" if name in guards else name for name in test.arguments)
    value = _call(test.function, tuple(shown), test.distinct)
    rows = _related(test.relation.name, test.on, test.where, test.rule)
    tests = " and ".join(pred_text(each).lstrip() for each in test.tests) or "true"
    return f"{value} of {rows}: {tests}"


def _related(name: str, on: On, where: Pred, rule: Pred | None) -> str:
    """`article(id = author_id | rule: …; where: …)`."""
    parts = [joined(on)] if on else []
    if rule is not None and rule != TRUE:
        parts.append(f"rule: {pred_text(rule)}")
    if where != TRUE:
        parts.append(f"where: {pred_text(where)}")
    return f"{name}({'; '.join(parts)})"


def _connected(parts: tuple[Pred, ...], word: str, empty: str) -> str:
    return word.join(map(_nested, parts)) or empty


def _nested(pred: Pred) -> str:
    text = pred_text(pred)
    return f"({text})" if isinstance(pred, All | AnyOf) and pred.parts else text


# ---------------------------------------------------------------- parts


def _operand(value: Value | CastRef | Slot) -> str:
    match value:
        case Slot():
            return slot_text(value)
        case CastRef():
            return f"{_reference(value.column)}::{value.to.name}"
        case ColumnRef() | ComputedRef():
            return _reference(value)
        case _:
            assert_never(value)


def _reference(ref: Value) -> str:
    value = ref.column if isinstance(ref, ColumnRef) else _computed(ref.call)
    seen = "" if ref.guard is None else f" where {pred_text(ref.guard)}"
    return "^" * ref.depth + (f"({value}{seen})" if seen else value)


def slot_text(slot: Slot) -> str:
    """`$filter.id._eq` for a variable, `x-hasura-user-id` for a session variable, a literal as it is bound."""
    match slot.source:
        case "variable":
            return "$" + ".".join(map(str, slot.path))
        case "session":
            return str(slot.path[0])
        case "literal":
            return f"'{slot.text}'"
        case "claims":
            return "the session"
        case "rows" | "step":
            return f"{slot.source} {'.'.join(map(str, slot.path))}"
        case _:
            assert_never(slot.source)


def _sort_key(key: SortKey) -> str:
    column = () if key.column is None else (_reference(key.column),)
    value = "".join(column) if key.function is None else _call(key.function, column, distinct=False)
    for hop in reversed(key.hops):
        made = "" if hop.rows is None else f"{_computed(hop.rows)} in "
        value = f"{value} of {made}{_related(hop.relation.name, hop.on, TRUE, hop.rule)}"
    return f"{value} {key.direction}" + ("" if key.nulls is None else f" nulls {key.nulls}")


def _call(function: str, columns: tuple[str, ...], distinct: bool) -> str:
    return f"{function}({'distinct ' if distinct else ''}{', '.join(columns) or '*'})"


def _computed(call: Call) -> str:
    """`full_name(the row, $sep)`, the arguments in the function's order."""
    given = {place: "null" if slot is None else slot_text(slot) for place, slot in call.given}
    always = {"row": "the row", "session": "the session", "caller": None}
    values = (given.get(place, always[each.filled_by]) for place, each in enumerate(call.routine.parameters))
    return f"{call.routine.ident.name}({', '.join(value for value in values if value is not None)})"


def joined(on: On) -> str:
    return " and ".join(f"{ours} = {theirs}" for ours, theirs in on)


def named(value: str, alias: str) -> str:
    return value if value == alias else f"{value} as {alias}"


def line(word: str, text: str) -> str:
    return f"{word:<9}{text}"


def indented(lines: Iterable[str]) -> Iterator[str]:
    return (_INDENT + line for line in lines)
