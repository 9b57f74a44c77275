"""permissions.yaml → Rules. Every fault of the file is reported at once, with its place and the nearest valid name."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import cast

from gql_gen.catalog.types import Ident
from gql_gen.rules.checks import check_rules
from gql_gen.rules.expressions import read_expression
from gql_gen.rules.faults import Faults
from gql_gen.rules.format import FILE
from gql_gen.rules.idents import ident_text, parse_ident
from gql_gen.rules.operations import read_allowed, read_collection, read_function, read_limits, read_role
from gql_gen.rules.reading import Entry, Keyed, read_yaml
from gql_gen.rules.shapes import conform
from gql_gen.rules.tables import entries, flag, read_table, text
from gql_gen.rules.types import (
    READ_COMMITTED,
    Customization,
    Fault,
    FunctionRules,
    IsolationLevel,
    Mark,
    Naming,
    Rules,
    RulesError,
    TableRules,
)


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
    check_rules(rules, faults)
    faults.check()
    return rules


def _rules(node: Keyed, file: str, faults: Faults) -> Rules:
    named = {entry.key: read_expression(entry.value, faults) for entry in entries(node, "rules")}
    return Rules(
        file=file,
        naming=cast(Naming, text(node, "naming") or "nhost"),
        roles=MappingProxyType({entry.key: read_role(entry) for entry in entries(node, "roles")}),
        named=MappingProxyType(named),
        tables=MappingProxyType(_tables(node, faults)),
        customization=_customization(node),
        isolation_level=cast(IsolationLevel, text(node, "isolation_level") or READ_COMMITTED),
        reveal_constraints=flag(node, "reveal_constraints"),
        writes_ignore_select=flag(node, "writes_ignore_select"),
        functions=MappingProxyType(_functions(node, faults)),
        infer_function_permissions=flag(node, "infer_function_permissions"),
        limits=read_limits(node.get("limits")),
        query_collections=MappingProxyType(
            {entry.key: read_collection(entry, faults) for entry in entries(node, "query_collections")}
        ),
        allow_list=tuple(read_allowed(entry) for entry in entries(node, "allow_list")),
        connections=flag(node, "connections"),
        ids_show_keys=flag(node, "ids_show_keys"),
    )


def _tables(node: Keyed, faults: Faults) -> dict[Ident, TableRules]:
    found = _identified("table", entries(node, "tables"), faults)
    return {ident: read_table(ident, table, at, faults) for ident, (table, at) in found.items()}


def _functions(node: Keyed, faults: Faults) -> dict[Ident, FunctionRules]:
    found = _identified("function", entries(node, "functions"), faults)
    return {ident: read_function(ident, function, at) for ident, (function, at) in found.items()}


def _identified(kind: str, listed: tuple[Entry, ...], faults: Faults) -> dict[Ident, tuple[Keyed, Mark]]:
    """What stands under each name. One name has several spellings, and may stand there in one of them."""
    found: dict[Ident, tuple[Keyed, Mark]] = {}
    for entry in listed:
        ident = parse_ident(entry.key)
        if ident is None or not isinstance(entry.value, Keyed):
            continue
        if ident in found:
            first = found[ident][1].line
            faults.add(entry.at, f"the {kind} {ident_text(ident)} stands here twice", f"first at line {first}")
        else:
            found[ident] = (entry.value, entry.at)
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
