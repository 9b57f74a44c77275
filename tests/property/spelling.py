"""How the three namings spell what a world contains, worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Naming = Literal["hasura", "nhost", "graphql-default"]
NAMINGS: tuple[Naming, ...] = ("hasura", "nhost", "graphql-default")


def _words(name: str) -> list[str]:
    return [word for word in name.split("_") if word]


def camel(name: str) -> str:
    """`order_by` → `orderBy`, `_is_null` → `_isNull`."""
    first, *rest = _words(name)
    return ("_" if name.startswith("_") else "") + first + "".join(word.capitalize() for word in rest)


def pascal(name: str) -> str:
    return "".join(word.capitalize() for word in _words(name))


@dataclass(frozen=True, slots=True)
class Spelling:
    """Tables are called by short words without underscores whose plural takes an s."""

    naming: Naming

    @property
    def _is_camel(self) -> bool:
        return self.naming == "graphql-default"

    def column(self, name: str) -> str:
        return name if self.naming == "hasura" else camel(name)

    def roots(self, table: str) -> dict[str, str]:
        match self.naming:
            case "hasura":
                return {"select": table, "select_by_pk": f"{table}_by_pk", "select_aggregate": f"{table}_aggregate"}
            case "nhost":
                return {"select": f"{table}s", "select_by_pk": table, "select_aggregate": f"{table}sAggregate"}
            case _:
                return {"select": table, "select_by_pk": f"{table}ByPk", "select_aggregate": f"{table}Aggregate"}

    def write_roots(self, table: str) -> dict[str, str]:
        first = f"{table[0].upper()}{table[1:]}"
        match self.naming:
            case "hasura":
                return {
                    **{kind: f"{kind}_{table}" for kind in ("insert", "update", "delete")},
                    "insert_one": f"insert_{table}_one",
                    "update_by_pk": f"update_{table}_by_pk",
                    "update_many": f"update_{table}_many",
                    "delete_by_pk": f"delete_{table}_by_pk",
                }
            case "nhost":
                return {
                    **{kind: f"{kind}{first}s" for kind in ("insert", "update", "delete")},
                    "insert_one": f"insert{first}",
                    "update_by_pk": f"update{first}",
                    "update_many": f"update_{table}_many",
                    "delete_by_pk": f"delete{first}",
                }
            case _:
                return {
                    **{kind: f"{kind}{first}" for kind in ("insert", "update", "delete")},
                    "insert_one": f"insert{first}One",
                    "update_by_pk": f"update{first}ByPk",
                    "update_many": f"update{first}Many",
                    "delete_by_pk": f"delete{first}ByPk",
                }

    def word(self, name: str) -> str:
        """A word of the language: an argument, an operator, an aggregate function."""
        return camel(name) if self._is_camel else name

    def direction(self, name: str) -> str:
        return name.upper() if self._is_camel else name

    def aggregate_field(self, link: str) -> str:
        return f"{link}Aggregate" if self._is_camel else f"{link}_aggregate"

    def type(self, table: str, suffix: str = "") -> str:
        """A type of a table: its own, or one that comes with it."""
        if not suffix:
            return table
        return f"{table}{pascal(suffix)}" if self._is_camel else f"{table}_{suffix}"

    def comparison(self, scalar: str, *, is_array: bool) -> str:
        suffix = "array_comparison_exp" if is_array else "comparison_exp"
        return f"{scalar[0].upper()}{scalar[1:]}{pascal(suffix)}" if self._is_camel else f"{scalar}_{suffix}"
