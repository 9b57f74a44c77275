"""Postmark's HTTP API, with templates that are kept there under the alias `<locale>.<template>`.

https://postmarkapp.com/developer/api/templates-api and …/email-api
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from auth_engine.core.settings import Settings
from auth_engine.mail.carrier import NotDelivered
from auth_engine.mail.message import Mail
from auth_engine.mail.render import Renderer
from auth_engine.net.outside import Outside, Reply, Unreachable

_NO_SUCH_TEMPLATE: Final = 1101
_UNPROCESSABLE: Final = 422


class Postmark:
    """Hands mails to Postmark. AUTH_SMTP_PASS is the server token."""

    def __init__(self, settings: Settings, outside: Outside) -> None:
        self._outside = outside
        self._url = settings.postmark_url.rstrip("/")
        self._token = settings.smtp_password or ""
        self._default_locale = settings.locale_default
        self._seconds = settings.smtp_timeout_ms / 1000
        self._renderer = Renderer.of(settings)

    async def carry(self, mail: Mail) -> None:
        """Postmark's template in the user's language, else in the default one, else our own words.

        Raises NotDelivered.
        """
        common = {
            "From": str(mail.sender.header),
            "To": mail.letter.to,
            "Headers": [{"Name": name, "Value": value} for name, value in mail.headers if value],
        }
        model = dict(self._renderer.values(mail.letter))
        for locale in dict.fromkeys((mail.letter.locale, self._default_locale)):
            alias = f"{locale}.{mail.letter.template}"
            body = {**common, "TemplateAlias": alias, "TemplateModel": model}
            if await self._post("/email/withTemplate", body):
                return
        written = mail.written
        body = {**common, "Subject": written.subject, "HtmlBody": written.html, "TextBody": written.text}
        if not await self._post("/email", body):
            raise NotDelivered("Postmark knows no such template")

    async def _post(self, path: str, body: dict[str, Any]) -> bool:
        """False when Postmark has no template of that name. Raises NotDelivered."""
        headers = {"X-Postmark-Server-Token": self._token, "Accept": "application/json"}
        try:
            reply = await self._outside.ask(
                "POST", self._url + path, trusted=True, headers=headers, json=body, seconds=self._seconds
            )
        except Unreachable as error:
            raise NotDelivered(f"Postmark cannot be reached ({error})") from None
        if reply.is_success:
            return True
        if reply.status == _UNPROCESSABLE and _error_code(reply) == _NO_SUCH_TEMPLATE:
            return False
        raise NotDelivered(f"Postmark answered {reply.status}", permanent=reply.status == _UNPROCESSABLE)


def _error_code(reply: Reply) -> int | None:
    try:
        found = msgspec.json.decode(reply.body)
    except msgspec.MsgspecError:
        return None
    code = found.get("ErrorCode") if isinstance(found, dict) else None
    return code if isinstance(code, int) else None
