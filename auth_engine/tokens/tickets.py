"""Tickets: what is mailed and what is stored of it. Auth contract §10, "At rest".

Mailed: `<kind>:<uuid>`. Stored in auth.users.ticket: `<kind>:<SHA-256 of what is mailed, in hexadecimal>`. A ticket of
Hasura Auth is stored as it was mailed and still works; only the form with a UUID is compared plainly, so a stored
digest is never a ticket itself. A mailed code is stored as `otp:<keyed digest of user id and code>`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Final

from auth_engine.core.types import TicketKind, UserId
from auth_engine.tokens.seals import Seals

_MAILED: Final = re.compile(r"([A-Za-z]+):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\Z")
OTP: Final = "otp"
CODE_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class NewTicket:
    """`text` is handed out once, `stored` kept."""

    text: str = field(repr=False)
    stored: str


class TicketMaker:
    """Makes tickets and codes. `compatible`: stored as Hasura Auth reads them (AUTH_PEER_COMPATIBLE_WRITES)."""

    def __init__(self, seals: Seals, *, compatible: bool = False) -> None:
        self._seals = seals
        self._compatible = compatible

    def ticket(self, kind: TicketKind) -> NewTicket:
        text = f"{kind.value}:{uuid.uuid4()}"
        return NewTicket(text, text if self._compatible else stored_ticket(text))

    def code(self, user_id: UserId) -> NewTicket:
        """Six digits for this user, to be mailed and stored in auth.users.ticket."""
        code = new_code()
        return NewTicket(code, code if self._compatible else stored_code(self._seals, user_id, code))

    def code_matches(self, stored: str, user_id: UserId, code: str) -> bool:
        """Whether the code is the one stored; a plain code of Hasura Auth counts too."""
        if stored.startswith(f"{OTP}:"):
            return self._seals.matches(stored.removeprefix(f"{OTP}:"), OTP, user_id, code)
        return (
            len(stored) == CODE_DIGITS
            and stored.isdigit()
            and secrets.compare_digest(stored.encode(), code.encode("utf-8", "replace"))
        )


def stored_ticket(text: str) -> str:
    """What is kept of a ticket."""
    kind = text.partition(":")[0]
    return f"{kind}:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def stored_forms(text: str) -> tuple[str, ...]:
    """Every form under which a presented ticket may be stored: its digest, and itself where Hasura Auth wrote it."""
    return (stored_ticket(text), text) if _MAILED.fullmatch(text) else (stored_ticket(text),)


def kind_of(text: str) -> TicketKind | None:
    """The kind by the prefix; None for an unknown one."""
    try:
        return TicketKind(text.partition(":")[0])
    except ValueError:
        return None


def new_code() -> str:
    """Six digits, each of the million equally likely."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def stored_code(seals: Seals, user_id: UserId, code: str) -> str:
    """What is kept of a code. Keyed: a plain digest of six digits can be read by trying a million."""
    return f"{OTP}:{seals.digest(OTP, user_id, code)}"
