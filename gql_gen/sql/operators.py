"""How each comparison operator is written in SQL. Names and operands stand in gql_gen.model.operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, LiteralString

Form = Literal["infix", "not infix", "any", "not any", "similar", "not similar"]
Pattern = Literal["like", "regex", "similar"]


@dataclass(frozen=True, slots=True)
class Template:
    """`symbol` between both sides; `form` says how. `pattern` marks operands that can be malformed whatever the data:
    they are checked before any row is read, so that the error never depends on a hidden row."""

    symbol: LiteralString
    form: Form = "infix"
    pattern: Pattern | None = None


TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        "_eq": Template("="),
        "_neq": Template("<>"),
        "_gt": Template(">"),
        "_gte": Template(">="),
        "_lt": Template("<"),
        "_lte": Template("<="),
        "_in": Template("=", "any"),
        "_nin": Template("=", "not any"),
        "_like": Template("~~", pattern="like"),
        "_nlike": Template("!~~", pattern="like"),
        "_ilike": Template("~~*", pattern="like"),
        "_nilike": Template("!~~*", pattern="like"),
        "_similar": Template("~", "similar", pattern="similar"),
        "_nsimilar": Template("!~", "similar", pattern="similar"),
        "_regex": Template("~", pattern="regex"),
        "_iregex": Template("~*", pattern="regex"),
        "_nregex": Template("!~", pattern="regex"),
        "_niregex": Template("!~*", pattern="regex"),
        "_contains": Template("@>"),
        "_contained_in": Template("<@"),
        "_has_key": Template("?"),
        "_has_keys_any": Template("?|"),
        "_has_keys_all": Template("?&"),
        "_ancestor": Template("@>"),
        "_ancestor_any": Template("@>"),
        "_descendant": Template("<@"),
        "_descendant_any": Template("<@"),
        "_matches": Template("~"),
        "_matches_any": Template("?"),
        "_matches_fulltext": Template("@"),
    }
)
