"""What development alone has (AUTH_DEV_MAIL_BOX)."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code
from auth_engine.flows.dev_mail import DevMail, DevMails, list_mails, show_mail
from auth_engine.http.route import Answer, Route

ROUTES: Final = (
    Route(
        method="GET", path="/dev/mail", flow=list_mails, summary="The mails of development", answer=Answer.DATA,
        shape=DevMails, raises=(Code.NOT_FOUND,),
    ),
    Route(
        method="GET", path="/dev/mail/{id}", flow=show_mail, summary="One of them", answer=Answer.DATA,
        shape=DevMail, raises=(Code.NOT_FOUND,),
    ),
)  # fmt: skip
