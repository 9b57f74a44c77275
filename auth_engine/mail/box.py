"""The mail box of development: mails in memory, the newest first, and a line in the log for each."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from auth_engine.mail.message import Mail

logger = logging.getLogger(__name__)

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class BoxedMail:
    """A mail as the page shows it."""

    id: str
    at: datetime
    to: str
    sender: str
    subject: str
    template: str
    locale: str
    link: str = field(repr=False)
    ticket: str = field(repr=False)
    redirect_to: str
    text: str = field(repr=False)
    html: str = field(repr=False)


class MailBox:
    """The last two hundred mails."""

    def __init__(self) -> None:
        self._mails: OrderedDict[str, BoxedMail] = OrderedDict()

    def keep(self, mail: Mail) -> None:
        """Keep a mail, once however often it is tried."""
        if mail.id in self._mails:
            return
        letter, written = mail.letter, mail.written
        self._mails[mail.id] = BoxedMail(
            id=mail.id,
            at=mail.moment,
            to=letter.to,
            sender=str(mail.sender.header),
            subject=written.subject,
            template=letter.template,
            locale=letter.locale,
            link=letter.link,
            ticket=letter.ticket,
            redirect_to=letter.redirect_to,
            text=written.text,
            html=written.html,
        )
        if len(self._mails) > MOST:
            self._mails.popitem(last=False)
        what = letter.link or letter.ticket or written.subject
        logger.info("mail to %s (%s): %s", letter.to, letter.template, what)

    def newest_first(self) -> tuple[BoxedMail, ...]:
        return tuple(reversed(self._mails.values()))

    def find(self, mail_id: str) -> BoxedMail | None:
        return self._mails.get(mail_id)
