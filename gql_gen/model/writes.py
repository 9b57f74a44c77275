"""Insert, update and delete rules, resolved."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, get_args

from gql_gen.catalog.types import Column, Relation
from gql_gen.model.inheritance import parents_of
from gql_gen.model.operands import slot_of
from gql_gen.model.predicates import FALSE, TRUE, Pred
from gql_gen.model.resolve import resolve, scalar_of_column
from gql_gen.model.types import Entity, Model, PresetValue, WriteKind, WriteRule
from gql_gen.rules.faults import Faults, nearest
from gql_gen.rules.types import (
    BoolExp,
    DeleteRule,
    InsertRule,
    Mark,
    Preset,
    Rules,
    TablePermissions,
    UpdateRule,
)

_KINDS: tuple[WriteKind, ...] = get_args(WriteKind)


@dataclass(frozen=True, slots=True)
class Writes:
    """What a role may write to one table; None is nothing. `spoilt`: what it was to have and does not, by a fault or
    because its parents differ. Its heirs do not have that either: what another parent has is not what was meant."""

    insert: WriteRule | None = None
    update: WriteRule | None = None
    delete: WriteRule | None = None
    spoilt: frozenset[WriteKind] = frozenset()

    def for_everyone(self) -> Writes:
        """Without the rules that are for callers with the admin secret."""
        return self.without(
            [kind for kind in _KINDS if (rule := getattr(self, kind)) is not None and rule.backend_only]
        )

    def without(self, kinds: Collection[WriteKind]) -> Writes:
        nothing: dict[str, Any] = dict.fromkeys(kinds)
        return replace(self, **nothing)

    def concerns(self, kind: WriteKind) -> bool:
        """Whether there is such a rule, or was to be one."""
        return kind in self.spoilt or getattr(self, kind) is not None


def admin_writes(entity: Entity) -> Writes:
    """All that the relation itself takes."""
    relation = entity.relation
    columns = _writable(entity)
    everything = WriteRule(columns, TRUE, TRUE, (), backend_only=False, message=None, recheck=False)
    removal = WriteRule(frozenset(), TRUE, TRUE, (), backend_only=False, message=None, recheck=False)
    return Writes(
        everything if _takes_rows(relation) else None,
        everything if relation.updatable else None,
        removal if relation.deletable else None,
    )


def _takes_rows(relation: Relation) -> bool:
    """Whether rows can be inserted, and a column named on the way: an insert names at least one."""
    return relation.insertable and any(own.updatable and not own.generated for own in relation.columns.values())


def role_writes(permissions: TablePermissions, entity: Entity, model: Model, rules: Rules, faults: Faults) -> Writes:
    """The write rules that can be served, backend_only ones among them. One with a fault is left out."""
    insert, update, delete = permissions.insert, permissions.update, permissions.delete
    desk = _Desk(entity, model, rules)
    return Writes(
        None if insert is None else desk.insert(insert, faults),
        None if update is None else desk.update(update, faults),
        None if delete is None else desk.delete(delete, faults),
    )


def inherited_writes(role: str, entity: Entity, model: Model, rules: Rules, faults: Faults) -> Writes:
    """The role's own write rules and, for what it has none of, those of its parents: where all that have one have the
    same. Where they differ it has none, and that is a fault."""
    return _joined_writes(role, entity, model, rules, faults, {})


def _joined_writes(
    role: str, entity: Entity, model: Model, rules: Rules, faults: Faults, known: dict[str, Writes]
) -> Writes:
    """`known`: what was found of its ancestors, whose faults are told where they are asked for themselves."""
    own = rules.tables[entity.ident].permissions.get(role)
    found = Writes() if own is None else role_writes(own, entity, model, rules, faults)
    told: frozenset[WriteKind] = frozenset() if own is None else _told(own)
    parents = parents_of(role, rules)
    for name in parents:
        if name not in known:
            known[name] = _joined_writes(name, entity, model, rules, Faults(), known)
    theirs = [(name, known[name]) for name in parents]
    joined: dict[str, Any] = {
        kind: _inherited(kind, role, theirs, entity, rules, faults)
        for kind in _KINDS
        if kind not in told and any(writes.concerns(kind) for _, writes in theirs)
    }
    found = replace(found, **joined)
    lost = (kind for kind in _KINDS if (kind in told or kind in joined) and getattr(found, kind) is None)
    return replace(found, spoilt=frozenset(lost))


def _told(permissions: TablePermissions) -> frozenset[WriteKind]:
    return frozenset(kind for kind in _KINDS if getattr(permissions, kind) is not None)


def _inherited(
    kind: WriteKind, role: str, theirs: list[tuple[str, Writes]], entity: Entity, rules: Rules, faults: Faults
) -> WriteRule | None:
    """The rule of all that have one; None where they differ, or where one of them has lost its own."""
    if any(kind in writes.spoilt for _, writes in theirs):
        return None
    found = [(name, rule) for name, writes in theirs if (rule := getattr(writes, kind)) is not None]
    for name, rule in found[1:]:
        first = found[0][1]
        if replace(rule, at="") != replace(first, at=""):
            message = (
                f"the role {role} inherits two {kind} rules for {entity.ident} that differ: "
                f"that of {found[0][0]} ({first.at}) and that of {name} ({rule.at}); it has neither"
            )
            faults.add(rules.roles[role].at, message, f"give {role} a rule of its own")
            return None
    return found[0][1] if found else None


def listed_columns(
    columns: tuple[tuple[str, Mark], ...] | None, entity: Entity, rules: Rules, faults: Faults
) -> frozenset[str] | None:
    """The SQL names a rule lists, or all that are shown for "*". None when one of them cannot be served."""
    shown = {field.sql for field in entity.fields.values()}
    if columns is None:
        return frozenset(shown)
    hidden = {name for name, _ in rules.tables[entity.ident].hide}
    wrong = [(name, at) for name, at in columns if name not in shown]
    for name, at in wrong:
        if name in hidden:
            faults.add(at, f'column "{name}" of {entity.ident} is hidden from everyone, by `hide:`')
        elif name in entity.relation.columns:
            faults.add(at, f'column "{name}" of {entity.ident} is left out of the schema')
        else:
            faults.add(at, f'{entity.ident} has no column "{name}"', nearest(name, sorted(shown)))
    return None if wrong else frozenset(name for name, _ in columns)


def _writable(entity: Entity) -> frozenset[str]:
    return frozenset(field.sql for field in entity.fields.values() if _no_values(field.column) is None)


def _no_values(column: Column) -> str | None:
    """Why no value can be given to the column; None when one can."""
    if column.generated:
        return "it is generated"
    if column.identity == "always":
        return "it is generated always as identity"
    return None if column.updatable else "the database cannot write it"


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where the write rules of one role and table are read."""

    entity: Entity
    model: Model
    rules: Rules

    @property
    def relation(self) -> Relation:
        return self.entity.relation

    def insert(self, rule: InsertRule, faults: Faults) -> WriteRule | None:
        own = Faults()
        self.expect(_takes_rows(self.relation), "takes no inserts", rule.at, own)
        return self.served(self.values(rule, TRUE, own), own, faults)

    def update(self, rule: UpdateRule, faults: Faults) -> WriteRule | None:
        own = Faults()
        self.expect(self.relation.updatable, "takes no updates", rule.at, own)
        return self.served(self.values(rule, self.pred(rule.filter, own), own), own, faults)

    def delete(self, rule: DeleteRule, faults: Faults) -> WriteRule | None:
        own = Faults()
        self.expect(self.relation.deletable, "takes no deletes", rule.at, own)
        rows = self.pred(rule.filter, own)
        removal = WriteRule(frozenset(), rows, TRUE, (), rule.backend_only, rule.message, False, str(rule.at))
        return self.served(removal, own, faults)

    def served(self, rule: WriteRule, own: Faults, faults: Faults) -> WriteRule | None:
        """The rule when it has no fault of its own."""
        faults.found.extend(own.found)
        return None if own.found else rule

    def expect(self, holds: bool, wrong: str, at: Mark, faults: Faults) -> None:
        if not holds:
            faults.add(at, f"{self.relation.ident} {wrong}")

    def values(self, rule: InsertRule | UpdateRule, rows: Pred, faults: Faults) -> WriteRule:
        columns = listed_columns(rule.columns, self.entity, self.rules, faults) or frozenset()
        presets = self.presets(rule.presets, faults)
        has_key = self.relation.primary_key is not None
        self.expect(has_key or not rule.recheck, "has no primary key, which `recheck` needs", rule.at, faults)
        return WriteRule(
            (columns & _writable(self.entity)) - {preset.column for preset in presets},
            rows,
            self.pred(rule.check, faults),
            presets,
            rule.backend_only,
            rule.message,
            rule.recheck,
            str(rule.at),
        )

    def pred(self, expression: BoolExp | None, faults: Faults) -> Pred:
        """No expression is no condition; a faulty one is never served, whatever stands in for it."""
        if expression is None:
            return TRUE
        pred, wrong = resolve(expression, self.entity.ident, self.model, self.rules.named)
        faults.found.extend(wrong)
        return FALSE if pred is None else pred

    def presets(self, presets: tuple[Preset, ...], faults: Faults) -> tuple[PresetValue, ...]:
        found = (self.preset(preset, faults) for preset in presets)
        return tuple(preset for preset in found if preset is not None)

    def preset(self, preset: Preset, faults: Faults) -> PresetValue | None:
        """Hidden columns may be preset: that is how they get a value."""
        column = self.relation.columns.get(preset.column)
        if column is None:
            hint = nearest(preset.column, self.relation.columns)
            faults.add(preset.at, f'{self.relation.ident} has no column "{preset.column}"', hint)
            return None
        reason = _no_values(column)
        if reason is not None:
            faults.add(preset.at, f'column "{preset.column}" of {self.relation.ident} takes no values: {reason}')
            return None
        if preset.value is None:
            return PresetValue(preset.column, None, preset.sql)
        if preset.value.json is None:
            return PresetValue(preset.column, None, "null")
        type = scalar_of_column(self.relation, column, self.model).value_type()
        slot = slot_of(preset.value, type, faults)
        return None if slot is None else PresetValue(preset.column, slot, None)
