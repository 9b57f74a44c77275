"""SMTP: a connection a mail, encrypted where the server offers it, never longer than AUTH_SMTP_TIMEOUT."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final

from auth_engine.core.settings import Settings
from auth_engine.mail.carrier import NotDelivered
from auth_engine.mail.message import Mail

if TYPE_CHECKING:
    from aiosmtplib import SMTP

logger = logging.getLogger(__name__)

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_GOODBYE_SECONDS: Final = 1.0
_PERMANENT: Final = range(500, 600)


class Smtp:
    """Hands mails to AUTH_SMTP_HOST."""

    def __init__(self, settings: Settings) -> None:
        self._host = settings.smtp_host or "localhost"
        self._port = settings.smtp_port
        self._secure = settings.smtp_secure
        self._user = settings.smtp_user
        self._password = settings.smtp_password
        self._method = settings.smtp_auth_method
        self._seconds = settings.smtp_timeout_ms / 1000

    async def carry(self, mail: Mail) -> None:
        """Raises NotDelivered."""
        from aiosmtplib import SMTPException

        client = self._client(mail.sender.domain)
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
                await self._log_in(client)
                await self._hand_over(client, mail)
            # The server has taken the mail: whatever becomes of the goodbye, it is delivered.
            with contextlib.suppress(SMTPException, TimeoutError, OSError):
                await client.quit(timeout=_GOODBYE_SECONDS)
        except TimeoutError:
            raise NotDelivered("the SMTP server took too long") from None
        except (SMTPException, OSError, ValueError) as error:
            raise _refusal(error) from None
        finally:
            client.close()

    def _client(self, our_name: str) -> SMTP:
        from aiosmtplib import SMTP

        return SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._secure,
            start_tls=None,  # where it is offered
            local_hostname=our_name,
            timeout=self._seconds,
        )

    async def _log_in(self, client: SMTP) -> None:
        if self._user is None or self._password is None:
            return
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        if not client.supports_extension("auth"):
            logger.warning("the SMTP server asks for no credentials: AUTH_SMTP_USER is not used")
            return
        if client.get_transport_info("sslcontext") is None and self._host.lower() not in _LOCAL:
            raise NotDelivered("the link to the SMTP server is not encrypted, so no credentials are sent over it")
        logs_in = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}
        await logs_in[self._method](self._user, self._password)

    async def _hand_over(self, client: SMTP, mail: Mail) -> None:
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        eight_bit = client.supports_extension("8bitmime")
        content = mail.as_bytes(eight_bit=eight_bit)
        options = ["BODY=8BITMIME"] if eight_bit and not content.isascii() else []
        await client.sendmail(mail.sender.address, [mail.letter.to], content, mail_options=options)


def _refusal(error: Exception) -> NotDelivered:
    """What the server said, without its words: those may repeat an address."""
    from aiosmtplib import SMTPRecipientsRefused, SMTPResponseException

    if isinstance(error, SMTPRecipientsRefused) and error.recipients:
        code = error.recipients[0].code
        return NotDelivered(f"the SMTP server refused the recipient ({code})", permanent=code in _PERMANENT)
    if isinstance(error, SMTPResponseException):
        return NotDelivered(f"the SMTP server answered {error.code}", permanent=error.code in _PERMANENT)
    return NotDelivered(f"the SMTP server cannot be used ({type(error).__name__})")
