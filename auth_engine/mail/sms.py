"""Text messages: a port, and the sender that the settings name. Auth contract §2, "SMS"."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final, Protocol

from auth_engine.core.settings import Settings
from auth_engine.mail.library import Library, library_of
from auth_engine.net.outside import Outside

logger = logging.getLogger(__name__)

TEMPLATE: Final = "signin-passwordless-sms"
_BODY: Final = "body.txt"


class CannotSend(Exception):
    """The message was not accepted. Says what the provider answered, never the code."""


class Sms(Protocol):
    """What flows ask for. Every method raises CannotSend."""

    @property
    def makes_codes(self) -> bool:
        """Whether the provider makes and checks codes itself (Twilio Verify). Then the code handed to `send_code` is
        not the one that is sent, and `check` decides."""

    async def send(self, number: str, text: str) -> None:
        """Send this text to a number in E.164 form."""

    async def send_code(self, number: str, code: str, locale: str) -> None:
        """Send a code, in the words of the template `signin-passwordless-sms`."""

    async def check(self, number: str, code: str) -> bool:
        """Whether the provider sent this code to this number and takes it now, once. For `makes_codes` alone."""


class Wire(Protocol):
    """A way for texts. Raises CannotSend."""

    async def send(self, number: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class TextMessages:
    """Texts of ours over any wire; the codes are ours too."""

    wire: Wire
    library: Library

    @property
    def makes_codes(self) -> bool:
        return False

    async def send(self, number: str, text: str) -> None:
        await self.wire.send(number, text)

    async def send_code(self, number: str, code: str, locale: str) -> None:
        text = self.library.render(locale, TEMPLATE, _BODY, {"code": code, "locale": locale}).text
        await self.wire.send(number, text.strip())

    async def check(self, number: str, code: str) -> bool:
        raise NotImplementedError("codes of ours are checked by whoever made them")


class LogWire:
    """AUTH_SMS_PROVIDER=dev: one line in the log in place of a message."""

    async def send(self, number: str, text: str) -> None:
        logger.info("SMS to %s: %s", number, " ".join(text.split()))


def sms_of(settings: Settings, outside: Outside) -> Sms | None:
    """The sender that AUTH_SMS_PROVIDER names; None while AUTH_SMS_PASSWORDLESS_ENABLED is off."""
    from auth_engine.mail import modica, sms_webhook, twilio

    if not settings.sms_enabled:
        return None
    library = library_of(settings)
    match settings.sms_provider:
        case "dev":
            return TextMessages(LogWire(), library)
        case "modica":
            return TextMessages(modica.Modica(settings, outside), library)
        case "webhook":
            return TextMessages(sms_webhook.SmsWebhook(settings, outside), library)
        case _:
            return twilio.twilio_of(settings, outside, library)
