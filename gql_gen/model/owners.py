"""Who owns which name of the schema."""

from __future__ import annotations

from collections.abc import Mapping

from gql_gen.catalog.types import Ident
from gql_gen.model.drafts import Draft, type_names
from gql_gen.model.scalars import Names
from gql_gen.names import RESERVED_TYPES
from gql_gen.rules.types import Rules

RootOwners = dict[tuple[bool, str], str]
"""(is a mutation, name of a root field) → whose it is."""


class TypeOwners:
    """The names of types that are taken, each with whose it is."""

    def __init__(self, drafts: Mapping[Ident, Draft], scalars: Names, rules: Rules) -> None:
        self.scalars = scalars
        self._owners = dict.fromkeys(RESERVED_TYPES, "a type of GraphQL itself")
        self._owners |= {name: f"the type {ident}" for ident, name in scalars.items()}
        for draft in drafts.values():
            self._owners |= dict.fromkeys(type_names(draft, rules), f"a type of {draft.ident}")

    def claim(self, name: str, owner: str) -> str | None:
        """Whose the name is already; None when it was free, and now is the owner's."""
        found = self._owners.get(name)
        if found is None:
            self._owners[name] = owner
        return found
