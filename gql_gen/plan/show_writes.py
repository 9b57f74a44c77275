"""A plan that writes as text to be read, beside `gql_gen.plan.show` for those that read.

    insert_article · insert into public.article
        columns  id, title, body (not in every row)
        preset   author_id = x-hasura-author-id
        check    state _neq 'published'
        conflict article_pkey: update title where true
        comments · insert into public.comment after it, by article_id = id
            columns  body
        answer   affected_rows, returning
            rule     state _eq 'published'
            show     id, title

Values that came as rows of an insert stand in no plan. Rules, checks and presets are there once it has passed the gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from gql_gen.model.predicates import TRUE, Pred
from gql_gen.model.types import PresetValue
from gql_gen.plan.nodes import Show, ShowText
from gql_gen.plan.show import indented, joined, line, named, pred_text, root_lines, rows_shown, slot_text
from gql_gen.plan.writes import (
    Answer,
    Assignment,
    Check,
    Delete,
    GivenColumn,
    Insert,
    Invoke,
    Lookup,
    NestedInsert,
    OnConflict,
    OneRow,
    OwnKey,
    RelatedWrite,
    Response,
    ShowAffected,
    ShowReturning,
    Update,
    UpdateMany,
    Write,
    WritePlan,
)

_SIGNS = {
    "set": "=",
    "inc": "+=",
    "append": "||=",
    "prepend": "=||",
    "delete_key": "-=",
    "delete_elem": "-=",
    "delete_at_path": "#-=",
}


def show_writes(plan: WritePlan) -> str:
    """The whole plan, a write a paragraph, in the order in which they run. Ends in a line break."""
    lines = (line for root in plan.roots for line in _write(root.node, root.alias))
    return "".join(f"{line}\n" for line in lines)


def _write(node: Write, name: str, how: str = "") -> Iterator[str]:
    match node:
        case Insert():
            yield f"{name} · insert into {node.relation}{how}"
            yield from indented(_insert(node))
        case Update():
            yield f"{name} · update of {node.relation}{how}"
            yield from indented(_update(node))
        case UpdateMany():
            yield f"{name} · updates of {node.relation}, one after the other"
            for place, update in enumerate(node.updates, 1):
                yield from indented(_write(update, str(place)))
        case Delete():
            yield f"{name} · delete from {node.relation}{how}"
            yield from indented(_delete(node))
        case Invoke():
            yield from root_lines(node.root)
        case _:
            assert_never(node)


# ---------------------------------------------------------------- insert


def _insert(node: Insert) -> Iterator[str]:
    for nested in node.before:
        yield from _nested(nested, "before it")
    yield line("columns", ", ".join(map(_given, node.columns)) or "none")
    yield from _presets(node.presets)
    yield from _checked(node.check)
    if node.on_conflict is not None:
        yield from _conflict(node.on_conflict)
    for nested in node.after:
        yield from _nested(nested, "after it")
    yield from _answered(node.answer)


def _given(column: GivenColumn) -> str:
    return column.column if column.in_every_row else f"{column.column} (not in every row)"


def _nested(nested: NestedInsert, when: str) -> Iterator[str]:
    yield from _write(nested.insert, nested.name, f" {when}, by {joined(nested.on)}")


def _conflict(conflict: OnConflict) -> Iterator[str]:
    then = f"update {', '.join(conflict.update)}" if conflict.update else "leave the row alone"
    back = ", give it back" if conflict.return_existing else ""
    yield line("conflict", f"{conflict.target.name}: {then}{back}")
    yield from indented(_reached(conflict.rule, conflict.where))
    yield from indented(_presets(conflict.presets))
    yield from indented(_checked(conflict.check))


# ---------------------------------------------------------------- update and delete


def _update(node: Update) -> Iterator[str]:
    for key in node.own_keys:
        yield from _own_key(key)
    yield from _reached(node.rule, node.where)
    if node.assignments:
        yield line("set", ", ".join(map(_assigned, node.assignments)))
    yield from _presets(node.presets)
    yield from _checked(node.check)
    for related in node.related:
        yield from _related(related)
    yield from _answered(node.answer)


def _assigned(assignment: Assignment) -> str:
    value = "null" if assignment.value is None else slot_text(assignment.value)
    return f"{assignment.column} {_SIGNS[assignment.operator]} {value}"


def _own_key(key: OwnKey) -> Iterator[str]:
    by = f" before it, by {joined(key.on)}"
    match key.source:
        case None:
            yield f"{key.name} · none{by}"
        case Lookup():
            yield f"{key.name} · the row of {key.source.relation}{by}"
            yield from indented(_reached(key.source.rule, key.source.where))
        case Insert():
            yield from _write(key.source, key.name, by)
        case _:
            assert_never(key.source)


def _related(write: RelatedWrite) -> Iterator[str]:
    reach = write.reach.replace("_", " ")
    expected = "" if write.expected is None else f", {write.expected} of them"
    yield from _write(write.node, write.name, f" after it ({reach}{expected}), by {joined(write.on)}")


def _delete(node: Delete) -> Iterator[str]:
    yield from _reached(node.rule, node.where)
    yield from _answered(node.answer)


# ---------------------------------------------------------------- what they share


def _reached(rule: Pred | None, where: Pred) -> Iterator[str]:
    if rule is not None:
        yield line("rule", pred_text(rule))
    if where != TRUE:
        yield line("where", pred_text(where))


def _presets(presets: tuple[PresetValue, ...]) -> Iterator[str]:
    for preset in presets:
        value = preset.sql if preset.slot is None else slot_text(preset.slot)
        yield line("preset", f"{preset.column} = {value}")


def _checked(check: Check | None) -> Iterator[str]:
    if check is not None:
        again = ", and again before the commit" if check.recheck else ""
        yield line("check", f"{pred_text(check.pred)}{again}")


def _answered(answer: Answer | None) -> Iterator[str]:
    match answer:
        case None:
            return
        case OneRow():
            yield line("answer", "the row")
            yield from indented(_shown(answer.rule, answer.show))
        case Response():
            yield line("answer", ", ".join(map(_part, answer.show)))
            for part in answer.show:
                if isinstance(part, ShowReturning):
                    yield from indented(_shown(answer.rule, part.show))
        case _:
            assert_never(answer)


def _part(part: ShowAffected | ShowReturning | ShowText) -> str:
    match part:
        case ShowAffected():
            return named("affected_rows", part.alias)
        case ShowReturning():
            return named("returning", part.alias)
        case ShowText():
            return named(f"'{part.text}'", part.alias)
        case _:
            assert_never(part)


def _shown(rule: Pred | None, show: tuple[Show, ...]) -> Iterator[str]:
    if rule is not None:
        yield line("rule", pred_text(rule))
    yield from rows_shown(show)
