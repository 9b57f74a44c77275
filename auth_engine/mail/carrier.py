"""The wires by which mails leave, as a port; and the box they land in during development."""

from __future__ import annotations

from typing import Protocol

from auth_engine.core.settings import Settings
from auth_engine.mail.message import Mail
from auth_engine.net.outside import Outside


class NotDelivered(Exception):
    """The mail, message or call was not taken. The text is fit for logs: it holds no address and no secret.

    `permanent`: the other side says that it will never take it.
    """

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Carrier(Protocol):
    """Hands a mail to somebody who will deliver it. Raises NotDelivered."""

    async def carry(self, mail: Mail) -> None: ...


def carrier_of(settings: Settings, outside: Outside) -> Carrier | None:
    """SMTP, or Postmark's HTTP API where AUTH_SMTP_HOST is `postmark`; None where it is unset."""
    from auth_engine.mail.postmark import Postmark
    from auth_engine.mail.smtp import Smtp

    if settings.smtp_host is None:
        return None
    if settings.smtp_host.lower() == "postmark":
        return Postmark(settings, outside)
    return Smtp(settings)
