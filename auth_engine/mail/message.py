"""A mail as it travels: MIME with a text alternative, and the headers of auth contract §4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.generator import BytesGenerator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from io import BytesIO
from typing import Any, Final
from urllib.parse import quote, urlsplit

from auth_engine.core.settings import Settings
from auth_engine.mail.letters import Letter
from auth_engine.mail.library import one_line
from auth_engine.mail.render import Written

LONGEST_HEADER: Final = 900
"""Characters. RFC 5322 allows 998 in a line."""
_LONGEST_LINE: Final = 990
_WHOLE: Final = frozenset({"x-email-template", "x-link", "x-ticket", "x-redirect-to", "x-smtpapi", "to", "message-id"})
_PRINTABLE: Final = "".join(chr(code) for code in range(0x20, 0x7F))


@dataclass(frozen=True, slots=True)
class Sender:
    """Who mails are from."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def header(self) -> Address:
        user, _, domain = self.address.rpartition("@")
        return Address(self.name, username=user, domain=domain)


@dataclass(frozen=True, slots=True)
class Mail:
    """What a carrier takes."""

    id: str
    """Of the outbox's row, the same at every try, so that a mail that came twice can be told."""
    letter: Letter = field(repr=False)
    written: Written = field(repr=False)
    sender: Sender
    moment: datetime
    smtpapi: str | None = None

    @property
    def headers(self) -> Iterator[tuple[str, str]]:
        """The X-* headers: whole and unencoded, or left out where that cannot be."""
        letter = self.letter
        wanted = {
            "X-Email-Template": letter.template,
            "X-Link": letter.link,
            "X-Ticket": letter.ticket,
            "X-Redirect-To": letter.redirect_to,
            "X-SMTPAPI": self.smtpapi,
        }
        for name, value in wanted.items():
            plain = None if value is None else header_value(value)
            if plain is not None and len(plain) <= LONGEST_HEADER:
                yield name, plain

    def as_bytes(self, *, eight_bit: bool = True) -> bytes:
        """The message with CRLF line ends. Bodies stay readable as they are where lines are short enough, else they
        are quoted-printable; never base64."""
        message = EmailMessage(_POLICY)
        message["From"] = self.sender.header
        message["To"] = header_value(self.letter.to)
        message["Subject"] = one_line(self.written.subject)
        message["Date"] = format_datetime(self.moment)
        message["Message-ID"] = f"<{self.id}@{self.sender.domain}>"
        for name, value in self.headers:
            message[name] = value
        message.set_content(self.written.text, cte=_encoding(self.written.text, eight_bit))
        message.add_alternative(self.written.html, subtype="html", cte=_encoding(self.written.html, eight_bit))
        buffer = BytesIO()
        BytesGenerator(buffer, policy=_POLICY).flatten(message)
        return buffer.getvalue()


def header_value(text: str) -> str:
    """One line of ASCII: control characters removed, letters beyond ASCII percent-encoded as in addresses."""
    return quote(one_line(text), safe=_PRINTABLE)


def sender_of(settings: Settings) -> Sender:
    """AUTH_SMTP_SENDER; without it an address at the server's own host."""
    name, address = parseaddr(one_line(settings.smtp_sender or ""))
    if "@" in address and address.isascii() and " " not in address:
        return Sender(name, address)
    return Sender(name, f"no-reply@{urlsplit(settings.server_url or '').hostname or 'localhost'}")


def _encoding(text: str, eight_bit: bool) -> str:
    if any(len(line.encode()) > _LONGEST_LINE for line in text.split("\n")):
        return "quoted-printable"
    if eight_bit:
        return "8bit"
    return "7bit" if text.isascii() else "quoted-printable"


class _Policy(EmailPolicy):
    """Folds and encodes headers as RFC 5322 and 2047 say, but for those that others read as they stand."""

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in _WHOLE or (name == "Subject" and value.isascii() and len(value) <= LONGEST_HEADER):
            return f"{name}: {value}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii", "replace")


_POLICY: Final = _Policy(linesep="\r\n", cte_type="8bit")
