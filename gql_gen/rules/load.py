"""permissions.yaml → Rules. Every fault of the file is reported at once, with its place and the nearest valid name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

from gql_gen.catalog.types import Ident
from gql_gen.rules.expressions import read_expression, references
from gql_gen.rules.faults import Faults, nearest
from gql_gen.rules.format import FILE
from gql_gen.rules.idents import ident_text, parse_ident
from gql_gen.rules.reading import Keyed, read_yaml
from gql_gen.rules.shapes import conform
from gql_gen.rules.tables import entries, flag, read_table, text
from gql_gen.rules.types import (
    READ_COMMITTED,
    BoolExp,
    Customization,
    Fault,
    IsolationLevel,
    Mark,
    NamedRule,
    Naming,
    RoleRules,
    Rules,
    RulesError,
    TablePermissions,
    TableRules,
)
from gql_gen.session import ADMIN


def load_rules(path: Path) -> Rules:
    """The rules in a file. Raises RulesError, also when the file cannot be read."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise RulesError((Fault(Mark(str(path), 1, 1), f"cannot be read: {error.strerror}"),)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise RulesError((Fault(Mark(str(path), line, 1), "this line is not UTF-8 text"),)) from error
    return parse_rules(content, str(path))


def parse_rules(text: str, file: str) -> Rules:
    """The rules in a text; `file` is the name that marks and messages carry. Raises RulesError with all faults."""
    faults = Faults()
    node = conform(read_yaml(text, file), FILE, faults)
    if not isinstance(node, Keyed):
        faults.check()
        raise AssertionError("what has not the shape of a file has a fault")
    rules = _rules(node, file, faults)
    _check_roles(rules, faults)
    _check_names(rules, faults)
    faults.check()
    return rules


def expressions(rules: Rules) -> Iterator[BoolExp]:
    """Every expression of the file: named rules first, then table by table."""
    yield from rules.named.values()
    for table in rules.tables.values():
        for permissions in table.permissions.values():
            yield from _expressions(permissions)


def _rules(node: Keyed, file: str, faults: Faults) -> Rules:
    named = {entry.key: read_expression(entry.value, faults) for entry in entries(node, "rules")}
    return Rules(
        file=file,
        naming=cast(Naming, text(node, "naming") or "nhost"),
        roles=MappingProxyType({entry.key: RoleRules(entry.key, entry.at) for entry in entries(node, "roles")}),
        named=MappingProxyType(named),
        tables=MappingProxyType(_tables(node, faults)),
        customization=_customization(node),
        isolation_level=cast(IsolationLevel, text(node, "isolation_level") or READ_COMMITTED),
        reveal_constraints=flag(node, "reveal_constraints"),
        writes_ignore_select=flag(node, "writes_ignore_select"),
    )


def _tables(node: Keyed, faults: Faults) -> dict[Ident, TableRules]:
    found: dict[Ident, TableRules] = {}
    for entry in entries(node, "tables"):
        ident = parse_ident(entry.key)
        if ident is None or not isinstance(entry.value, Keyed):
            continue
        if ident in found:
            faults.add(
                entry.at, f"the table {ident_text(ident)} stands here twice", f"first at line {found[ident].at.line}"
            )
        else:
            found[ident] = read_table(ident, entry.value, entry.at, faults)
    return found


def _customization(node: Keyed) -> Customization:
    customization = node.get("customization")
    if not isinstance(customization, Keyed):
        return Customization()
    root_fields, type_names = customization.get("root_fields"), customization.get("type_names")
    found: dict[str, str] = {}
    if isinstance(root_fields, Keyed):
        found |= {
            f"root_fields_{key}": value
            for key in ("prefix", "suffix", "namespace")
            if (value := text(root_fields, key))
        }
    if isinstance(type_names, Keyed):
        found |= {f"type_names_{key}": value for key in ("prefix", "suffix") if (value := text(type_names, key))}
    return Customization(**found)


def _expressions(permissions: TablePermissions) -> Iterator[BoolExp]:
    if permissions.select is not None:
        yield permissions.select.filter
    if permissions.insert is not None:
        yield permissions.insert.check
    if permissions.update is not None:
        yield permissions.update.filter
        if permissions.update.check is not None:
            yield permissions.update.check
    if permissions.delete is not None:
        yield permissions.delete.filter


def _check_roles(rules: Rules, faults: Faults) -> None:
    if ADMIN in rules.roles:
        faults.add(rules.roles[ADMIN].at, "the role admin is always there and cannot be listed")
    for table in rules.tables.values():
        for role, permissions in table.permissions.items():
            if role == ADMIN:
                faults.add(permissions.at, "admin may do everything with every table and cannot be given permissions")
            elif role not in rules.roles:
                hint = nearest(role, rules.roles) or 'add it under "roles" at the top of the file'
                faults.add(permissions.at, f'the role "{role}" is not listed under "roles"', hint)


def _check_names(rules: Rules, faults: Faults) -> None:
    for expression in expressions(rules):
        for mention in references(expression):
            if mention.name not in rules.named:
                hint = nearest(mention.name, rules.named)
                faults.add(mention.at, f'there is no rule named "{mention.name}" under "rules"', hint)
    finished: set[str] = set()
    for name in rules.named:
        _check_cycle(name, rules.named, (), finished, faults)


def _check_cycle(
    name: str, named: Mapping[str, BoolExp], above: tuple[str, ...], finished: set[str], faults: Faults
) -> None:
    if name in finished or name not in named:
        return
    for mention in references(named[name]):
        if mention.name in (*above, name):
            _add_cycle(mention, (*above, name), faults)
        else:
            _check_cycle(mention.name, named, (*above, name), finished, faults)
    finished.add(name)


def _add_cycle(mention: NamedRule, above: tuple[str, ...], faults: Faults) -> None:
    circle = " → ".join((*above[above.index(mention.name) :], mention.name))
    faults.add(mention.at, f"a rule cannot use itself: {circle}")
