"""Postgres types under their GraphQL names."""

from __future__ import annotations

import pytest
from builders import catalog, domain, enum, ident, pg, table

from gql_gen.catalog.types import Ident
from gql_gen.model.scalars import are_comparable, scalar_names, scalar_of


@pytest.mark.parametrize(
    ("type", "name"),
    [
        ("int4", "Int"),
        ("int2", "smallint"),
        ("int8", "bigint"),
        ("float4", "Float"),
        ("float8", "float8"),
        ("bool", "Boolean"),
        ("text", "String"),
        ("varchar", "String"),
        ("bpchar", "bpchar"),
        ("numeric", "numeric"),
        ("uuid", "uuid"),
        ("jsonb", "jsonb"),
    ],
)
def test_hasuras_scalar_names(type: str, name: str) -> None:
    scalar = scalar_of(pg(type), catalog())
    assert (scalar.name, scalar.pg, scalar.element, scalar.values) == (name, pg(type), None, None)


def test_a_domain_shows_its_base_type() -> None:
    db = catalog(types=[domain("auth.email", ident("ext.citext")), domain("auth.work_email", ident("auth.email"))])
    scalar = scalar_of(ident("auth.work_email"), db)
    assert (scalar.name, scalar.pg) == ("citext", ident("ext.citext"))


def test_an_array_has_an_element_and_its_own_type() -> None:
    scalar = scalar_of(pg("_int4"), catalog())
    assert (scalar.name, scalar.pg) == ("Int", pg("_int4"))
    assert scalar.element is not None
    assert scalar.element.pg == pg("int4")
    assert scalar.value_type().element == scalar.element.value_type()


def test_a_type_without_equality_says_so() -> None:
    assert not scalar_of(pg("json"), catalog()).has_equality
    assert not scalar_of(pg("_json"), catalog()).has_equality


def test_a_native_enum_shows_its_labels_in_the_databases_order() -> None:
    scalar = scalar_of(ident("mood"), catalog(types=[enum("mood", "sad", "ok", "happy")]))
    assert scalar.values == (("sad", None), ("ok", None), ("happy", None))
    assert scalar.value_type().labels == ("sad", "ok", "happy")


@pytest.mark.parametrize("label", ["on hold", "true", "__x", "42", ""])
def test_an_enum_that_graphql_cannot_spell_is_a_scalar(label: str) -> None:
    scalar = scalar_of(ident("state"), catalog(types=[enum("state", "open", label)]))
    assert (scalar.name, scalar.values) == ("state", None)


def test_types_of_several_schemas_with_one_name_are_told_apart() -> None:
    db = catalog(types=[enum("mood", "a"), enum("hr.mood", "b"), enum("uuid", "c"), enum("my-type", "d")])
    used = [ident("mood"), ident("hr.mood"), ident("uuid"), pg("uuid"), ident("my-type"), pg("_text"), pg("varchar")]
    names = scalar_names(db, used)
    assert {str(type): name for type, name in names.items()} == {
        "public.mood": "mood",
        "hr.mood": "hr_mood",
        "pg_catalog.uuid": "uuid",
        "public.uuid": "public_uuid",
        "public.my-type": "my_type",
        "pg_catalog.text": "String",
        "pg_catalog.varchar": "String",
    }
    assert scalar_of(ident("hr.mood"), db, names).name == "hr_mood"


def test_a_type_named_as_graphqls_own_takes_its_schema() -> None:
    db = catalog(types=[enum("Int", "a")])
    assert scalar_names(db, [ident("Int")])[ident("Int")] == "public_Int"


def test_a_name_in_use_only_elsewhere_is_no_clash() -> None:
    db = catalog(table("t", "id int4!"), types=[enum("hr.mood", "b"), enum("mood", "a")])
    assert scalar_names(db, [ident("hr.mood")]) == {ident("hr.mood"): "mood"}


def test_which_types_compare() -> None:
    assert are_comparable(pg("int4"), pg("numeric"))
    assert are_comparable(pg("text"), Ident("ext", "citext"))
    assert are_comparable(ident("mood"), ident("mood"))
    assert not are_comparable(pg("uuid"), pg("text"))
    assert not are_comparable(ident("mood"), ident("hr.mood"))
