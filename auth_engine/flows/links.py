"""Links that are mailed: made of AUTH_SERVER_URL alone, never of what a request says about its host."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from auth_engine.core.settings import Settings
from auth_engine.core.types import TicketKind

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
TYPES: Final = {
    TicketKind.VERIFY_EMAIL: "emailVerify",
    TicketKind.PASSWORDLESS_EMAIL: "signinPasswordless",
    TicketKind.PASSWORD_RESET: "passwordReset",
    TicketKind.EMAIL_CONFIRM_CHANGE: "emailConfirmChange",
}
"""What `type=` says in the link; the prefix of the ticket decides, not this."""


def verify_link(settings: Settings, kind: TicketKind, ticket: str, redirect_to: str) -> str:
    query = urlencode({"redirectTo": redirect_to, "ticket": ticket, "type": TYPES[kind]})
    return f"{settings.server_url or ''}/verify?{query}"
