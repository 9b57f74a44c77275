"""Insert, update and delete rules, resolved."""

from __future__ import annotations

from dataclasses import dataclass

from gql_gen.catalog.types import Column
from gql_gen.model.operands import slot_of
from gql_gen.model.predicates import FALSE, TRUE, Pred
from gql_gen.model.resolve import resolve, scalar_of_column
from gql_gen.model.types import Entity, Model, PresetValue, WriteRule
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


@dataclass(frozen=True, slots=True)
class Writes:
    """What a role may write to one table; None is nothing."""

    insert: WriteRule | None = None
    update: WriteRule | None = None
    delete: WriteRule | None = None


def admin_writes(entity: Entity) -> Writes:
    """All that the relation itself takes."""
    relation = entity.relation
    columns = _writable(entity)
    everything = WriteRule(columns, TRUE, TRUE, (), backend_only=False, message=None, recheck=False)
    removal = WriteRule(frozenset(), TRUE, TRUE, (), backend_only=False, message=None, recheck=False)
    return Writes(
        everything if relation.insertable else None,
        everything if relation.updatable else None,
        removal if relation.deletable else None,
    )


def role_writes(permissions: TablePermissions, entity: Entity, model: Model, rules: Rules, faults: Faults) -> Writes:
    """The write rules that can be served. One with a fault is left out."""
    insert, update, delete = permissions.insert, permissions.update, permissions.delete
    desk = _Desk(entity, model, rules)
    return Writes(
        None if insert is None else desk.values(insert, None, faults),
        None if update is None else desk.values(update, update.filter, faults),
        None if delete is None else desk.removal(delete, faults),
    )


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
    return frozenset(field.sql for field in entity.fields.values() if _takes_values(field.column))


def _takes_values(column: Column) -> bool:
    return column.updatable and not column.generated and column.identity != "always"


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where the write rules of one role and table are read."""

    entity: Entity
    model: Model
    rules: Rules

    def values(self, rule: InsertRule | UpdateRule, rows: BoolExp | None, faults: Faults) -> WriteRule | None:
        own = Faults()
        columns = listed_columns(rule.columns, self.entity, self.rules, own)
        presets = self.presets(rule.presets, own)
        filter_pred, check_pred = self.pred(rows, own), self.pred(rule.check, own)
        faults.found.extend(own.found)
        if own.found or columns is None:
            return None
        writable = (columns & _writable(self.entity)) - {preset.column for preset in presets}
        return WriteRule(writable, filter_pred, check_pred, presets, rule.backend_only, rule.message, rule.recheck)

    def removal(self, rule: DeleteRule, faults: Faults) -> WriteRule | None:
        own = Faults()
        rows = self.pred(rule.filter, own)
        faults.found.extend(own.found)
        return None if own.found else WriteRule(frozenset(), rows, TRUE, (), rule.backend_only, rule.message, False)

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
        relation = self.entity.relation
        column = relation.columns.get(preset.column)
        if column is None:
            hint = nearest(preset.column, relation.columns)
            faults.add(preset.at, f'{relation.ident} has no column "{preset.column}"', hint)
            return None
        if preset.value is None:
            return PresetValue(preset.column, None, preset.sql)
        if preset.value.json is None:
            return PresetValue(preset.column, None, "null")
        type = scalar_of_column(relation, column, self.model).value_type()
        slot = slot_of(preset.value, type, faults)
        return None if slot is None else PresetValue(preset.column, slot, None)
