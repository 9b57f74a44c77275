"""From a letter to a delivered mail."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from auth_engine.core.ports import Clock
from auth_engine.core.settings import Settings
from auth_engine.mail.box import MailBox
from auth_engine.mail.carrier import Carrier, NotDelivered, carrier_of
from auth_engine.mail.letters import Letter
from auth_engine.mail.library import NoTemplate
from auth_engine.mail.message import Mail, Sender, sender_of
from auth_engine.mail.render import Renderer
from auth_engine.net.outside import Outside

logger = logging.getLogger(__name__)

NO_WAY_OUT = "AUTH_SMTP_HOST is not set"


@dataclass(frozen=True, slots=True)
class Mailer:
    """Writes letters and sends them; tests replace a field."""

    renderer: Renderer
    carrier: Carrier | None
    box: MailBox | None
    sender: Sender
    smtpapi: str | None
    clock: Clock

    @classmethod
    def of(cls, settings: Settings, outside: Outside, clock: Clock) -> Mailer:
        if settings.smtp_host is not None and settings.smtp_sender is None:
            logger.warning("AUTH_SMTP_SENDER is not set: mails are from %s", sender_of(settings).address)
        return cls(
            renderer=Renderer.of(settings),
            carrier=carrier_of(settings, outside),
            box=MailBox() if settings.mail_box else None,
            sender=sender_of(settings),
            smtpapi=settings.smtp_x_smtpapi,
            clock=clock,
        )

    async def send(self, mail_id: str, letter: Letter) -> None:
        """Raises NotDelivered. A mail box takes every mail, and is enough where there is no other way out."""
        try:
            written = self.renderer.write(letter)
        except NoTemplate as error:
            raise NotDelivered(str(error)) from None
        mail = Mail(mail_id, letter, written, self.sender, self.clock.now(), self.smtpapi)
        if self.box is not None:
            self.box.keep(mail)
        if self.carrier is not None:
            await self.carrier.carry(mail)
        elif self.box is None:
            raise NotDelivered(NO_WAY_OUT)
