"""Modica's Mobile Gateway."""

from __future__ import annotations

from typing import Final

from auth_engine.core.settings import Settings
from auth_engine.mail.sms import CannotSend
from auth_engine.net.outside import Outside, Unreachable

_PATH: Final = "/rest/sms/v2/messages"


class Modica:
    """Texts by Modica."""

    def __init__(self, settings: Settings, outside: Outside) -> None:
        self._outside = outside
        self._url = settings.sms_modica_url.rstrip("/") + _PATH
        self._basic = (settings.sms_modica_username or "", settings.sms_modica_password or "")

    async def send(self, number: str, text: str) -> None:
        """Raises CannotSend."""
        body = {"destination": number, "content": text}
        try:
            reply = await self._outside.ask("POST", self._url, trusted=True, json=body, basic=self._basic)
        except Unreachable as error:
            raise CannotSend(f"Modica cannot be reached ({error})") from None
        if not reply.is_success:
            raise CannotSend(f"Modica answered {reply.status}")
