"""GET /dev/mail and /dev/mail/{id}: the mails of development (AUTH_DEV_MAIL_BOX), for this machine's own eyes alone.

The mails hold live tickets, so whoever is not on this machine, comes through a proxy, or is a page of another site (an
`Origin`, or a host name that was made to point here) gets what they would get without a mail box: 404.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import Data, Outcome, Page, Visit
from auth_engine.flows.dev_mail_page import list_page, mail_page
from auth_engine.flows.kit import Kit
from auth_engine.mail.box import BoxedMail, MailBox

_HEADERS: Final = (
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; frame-src 'self' about:",
    ),
)
_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LOCAL_NETWORK: Final = "::/64"
"""How limits, and so visits, write ::1."""


class DevMail(msgspec.Struct, frozen=True, rename="camel"):
    """A mail of the box."""

    id: str
    at: datetime
    to: str
    sender: str
    subject: str
    template: str
    locale: str
    link: str
    ticket: str
    redirect_to: str
    text: str
    html: str


class DevMails(msgspec.Struct, frozen=True):
    """The box, the newest mail first."""

    mails: list[DevMail]


async def list_mails(_: None, visit: Visit, kit: Kit) -> Outcome:
    """Every mail that is kept; a page for browsers, JSON for others."""
    mails = _box(visit, kit).newest_first()
    if visit.accepts_html and not visit.wants_json:
        return Page(list_page(mails), headers=_HEADERS)
    return Data(DevMails([_shape(mail) for mail in mails]))


async def show_mail(_: None, visit: Visit, kit: Kit) -> Outcome:
    """One mail."""
    mail = _box(visit, kit).find(visit.path["id"])
    if mail is None:
        raise Refused(Code.NOT_FOUND)
    if visit.accepts_html and not visit.wants_json:
        return Page(mail_page(mail), headers=_HEADERS)
    return Data(_shape(mail))


def _shape(mail: BoxedMail) -> DevMail:
    return msgspec.convert(mail, DevMail, from_attributes=True)


def _box(visit: Visit, kit: Kit) -> MailBox:
    box = kit.post.box
    if box is None or visit.origin is not None or visit.is_forwarded or visit.is_foreign:
        raise Refused(Code.NOT_FOUND)
    if not (_is_local(visit.address) and _is_our_name(visit.host, kit.settings.server_url)):
        raise Refused(Code.NOT_FOUND)
    return box


def _is_local(address: str) -> bool:
    if address == _LOCAL_NETWORK:
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _is_our_name(host: str, server_url: str | None) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return (
        "@" not in host and name is not None and (name in _LOCAL_NAMES or name == urlsplit(server_url or "").hostname)
    )
