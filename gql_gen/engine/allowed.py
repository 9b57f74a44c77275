"""Allow lists: the only operations that may be asked, by role.

Operations are compared in their canonical form, when a document is met for the first time: what is known was allowed.
"""

from __future__ import annotations

from collections import defaultdict

from gql_gen.dialects.canonical import canonical
from gql_gen.dialects.document import Limits, Operation, read_operation
from gql_gen.errors import Rejected
from gql_gen.rules.types import CollectedQuery, Fault, Rules


class AllowList:
    """What may be asked by everybody and what by single roles. `faults` are queries that are beyond the limits: nobody
    can ask them."""

    def __init__(self, rules: Rules, limits: Limits) -> None:
        self.faults: tuple[Fault, ...] = ()
        self._limits = limits
        self._collections: dict[str, frozenset[str]] = {}
        everybody: set[str] = set()
        roles: defaultdict[str, set[str]] = defaultdict(set)
        for entry in rules.allow_list:
            texts = self._collection(rules, entry.collection)
            if entry.roles is None:
                everybody |= texts
            for role, _ in entry.roles or ():
                roles[role] |= texts
        self._everybody = frozenset(everybody)
        self._roles = {role: frozenset(texts) for role, texts in roles.items()}

    def check(self, operation: Operation, role: str) -> None:
        """Refuses an operation that is not listed for the role."""
        text = canonical(operation)
        if text not in self._everybody and text not in self._roles.get(role, ()):
            raise Rejected("query is not allowed")

    def _collection(self, rules: Rules, name: str) -> frozenset[str]:
        if name not in self._collections:
            read = (self._text(query) for query in rules.query_collections.get(name, ()))
            self._collections[name] = frozenset(text for text in read if text is not None)
        return self._collections[name]

    def _text(self, query: CollectedQuery) -> str | None:
        try:
            return canonical(read_operation(query.text, None, self._limits))
        except Rejected as error:
            self.faults += (Fault(query.at, f'the query "{query.name}" cannot be asked: {error.message}'),)
            return None


def read_allow_list(rules: Rules, is_on: bool | None, limits: Limits) -> AllowList | None:
    """None where every operation may be asked. `is_on` None: the list is in force when the rules have one."""
    in_force = bool(rules.allow_list) if is_on is None else is_on
    return AllowList(rules, limits) if in_force else None
