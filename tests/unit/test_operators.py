"""The operators of each type, and how each is written."""

from __future__ import annotations

import pytest

from gql_gen.catalog.types import Ident
from gql_gen.model.operators import COLUMN_COMPARISONS, GROUPS, TEXT_TYPES, operators_for
from gql_gen.model.types import Scalar
from gql_gen.sql.operators import TEMPLATES


def pg(name: str) -> Ident:
    return Ident("pg_catalog", name)


EQUALITY = {"_eq", "_neq", "_in", "_nin"}
ORDER = {"_gt", "_gte", "_lt", "_lte"}
PATTERNS = {f"_{negated}{word}" for negated in ("", "n") for word in ("like", "ilike", "similar", "regex", "iregex")}
KEYS = {"_has_key", "_has_keys_any", "_has_keys_all"}
CONTAINMENT = {"_contains", "_contained_in"}
TREES = {f"_{word}{many}" for word in ("ancestor", "descendant", "matches") for many in ("", "_any")} | {
    "_matches_fulltext"
}


@pytest.mark.parametrize(
    ("scalar", "names"),
    [
        (Scalar("Int", pg("int4")), EQUALITY | ORDER),
        (Scalar("uuid", pg("uuid")), EQUALITY | ORDER),
        (Scalar("Boolean", pg("bool")), EQUALITY | ORDER),
        *((Scalar("String", pg(name)), EQUALITY | ORDER | PATTERNS) for name in TEXT_TYPES - {"citext"}),
        (Scalar("citext", Ident("extensions", "citext")), EQUALITY | ORDER | PATTERNS),
        (Scalar("jsonb", pg("jsonb")), EQUALITY | ORDER | CONTAINMENT | KEYS),
        (Scalar("json", pg("json"), has_equality=False, has_order=False), set()),
        (Scalar("point", pg("point"), has_equality=False, has_order=False), set()),
        (Scalar("xid", pg("xid"), has_order=False), EQUALITY),
        (Scalar("ltree", Ident("extensions", "ltree")), EQUALITY | ORDER | TREES),
        (Scalar("colour", Ident("public", "colour"), values=(("red", None),)), EQUALITY),
        (Scalar("String", pg("text"), values=(("red", None),)), EQUALITY),
        (Scalar("String", pg("_text"), element=Scalar("String", pg("text"))), EQUALITY | ORDER | CONTAINMENT),
        (Scalar("jsonb", pg("_jsonb"), element=Scalar("jsonb", pg("jsonb"))), EQUALITY | ORDER | CONTAINMENT),
    ],
)
def test_a_type_has_the_operators_that_cannot_fail_on_it(scalar: Scalar, names: set[str]) -> None:
    found = [spec.name for spec in operators_for(scalar)]
    assert set(found) == names
    assert len(found) == len(names)


def test_every_operator_has_its_sql_and_every_sql_its_operator() -> None:
    assert set(TEMPLATES) == {spec.name for specs in GROUPS.values() for spec in specs}


def test_a_name_means_one_operand_wherever_it_stands() -> None:
    """Else a cached reading of one column could be wrong for another."""
    operands: dict[str, set[str]] = {}
    for specs in GROUPS.values():
        for spec in specs:
            operands.setdefault(spec.name, set()).add(spec.operand)
    assert all(len(found) == 1 for found in operands.values())


def test_patterns_that_can_be_malformed_are_marked() -> None:
    marked = {name: template.pattern for name, template in TEMPLATES.items() if template.pattern}
    assert set(marked) == PATTERNS
    assert all(kind in name for name, kind in marked.items() if kind)


def test_column_comparisons_make_comparisons() -> None:
    assert set(COLUMN_COMPARISONS.values()) == {"_eq", "_neq"} | ORDER
