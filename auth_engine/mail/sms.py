"""Text messages: a port with a sender for each provider. Auth contract §2, "SMS"."""

from __future__ import annotations

from typing import Protocol


class CannotSend(Exception):
    """The message was not accepted."""


class Sms(Protocol):
    """Sends one message. Raises CannotSend."""

    async def send(self, number: str, text: str) -> None: ...
