"""Why a write must fail, and how an error may tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

CHECK_FAILED = "check constraint of an insert/update permission has failed"

Reason = Literal["check", "hidden", "constraint", "twice", "data", "missing", "session", "validation", "raised"]
"""`check`: a rule's. `hidden`: a key that only rows have, or refer to, which the role cannot see. `constraint`: any
other, of rows that it can see or gave itself. `twice`: two rows of one insert have one key. `data`: a value that cannot
be computed. `missing`: the row that a nested one hangs on was not written. `session`: a variable that a rule needs.
`validation`: a name that the role does not know. `raised`: a function that is asked about a
row, which is shown whatever the select rule says, raises an error."""

CODES: dict[Reason, frozenset[str]] = {
    "check": frozenset({"permission-error"}),
    "hidden": frozenset({"permission-error"}),
    # Where rows of one insert are alike in the key that an older row has, they are told of first.
    "constraint": frozenset({"constraint-violation", "permission-error", "bad-request"}),
    "twice": frozenset({"bad-request", "constraint-violation", "permission-error"}),
    "data": frozenset({"data-exception"}),
    "missing": frozenset({"not-supported"}),
    "raised": frozenset({"postgres-error", "data-exception", "unexpected"}),
    "session": frozenset({"not-found"}),
    "validation": frozenset({"validation-failed", "parse-failed"}),
}


class Denied(Exception):
    """The whole request must fail, and nothing may change. Holds all that is wrong at one place: which of it is told
    first is left open."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        self.reasons = frozenset(reasons)
        super().__init__(", ".join(sorted(self.reasons)))


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error without data."""

    reasons: frozenset[Reason]

    def difference(self, reply: Any) -> str | None:
        """What is wrong with a reply; None when it is such an error."""
        if list(reply) != ["errors"] or len(reply["errors"]) != 1:
            return f"a refusal was expected ({', '.join(sorted(self.reasons))}), and nothing beside it"
        code, message = reply["errors"][0]["extensions"]["code"], reply["errors"][0]["message"]
        codes = frozenset[str]().union(*(CODES[reason] for reason in self.reasons))
        if code not in codes:
            return f"expected a code of {sorted(codes)}, found {code}"
        if self.reasons <= {"check", "hidden"} and message != CHECK_FAILED:
            return f"expected the words of a failed check, found {message!r}"
        return None
