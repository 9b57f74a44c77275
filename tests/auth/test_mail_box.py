"""The mail box of development, and notices."""

from __future__ import annotations

import dataclasses
import logging

import httpx
import pytest
from auth_kit import PASSWORD, AuthServer, new_address
from mail_kit import Serve, a_letter

from auth_engine.core.clock import SystemClock
from auth_engine.flows import events
from auth_engine.flows.notices import put_notice
from auth_engine.mail.box import MOST, MailBox
from auth_engine.mail.letters import Template
from auth_engine.mail.message import Mail, Sender
from auth_engine.mail.render import Written

JSON = {"Accept": "application/json"}
BROWSER = {"Accept": "text/html", "User-Agent": "Mozilla/5.0"}


async def boxed(serve: Serve, **settings: str) -> AuthServer:
    return await serve(AUTH_DEV_MAIL_BOX="true", AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true", **settings)


async def sign_up(server: AuthServer, **options: str) -> str:
    address = new_address()
    body = {"email": address, "password": PASSWORD, "options": options}
    assert (await server.post("/signup/email-password", body)).json() == {}
    return address


async def test_mails_land_in_the_box_and_the_log_without_any_smtp(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = await boxed(serve, AUTH_SMTP_HOST="")
    first, second = await sign_up(server), await sign_up(server)
    answer = await server.get("/dev/mail", **JSON)
    assert answer.headers["cache-control"] == "no-store"
    mails = answer.json()["mails"]
    assert [mail["to"] for mail in mails] == [second, first]
    assert mails[0]["subject"] == "Verify your email"
    assert mails[0]["template"] == "email-verify"
    assert mails[0]["redirectTo"] == "https://app.test"
    assert mails[0]["link"] in mails[0]["text"]
    assert (await server.get(f"/dev/mail/{mails[1]['id']}", **JSON)).json() == mails[1]
    lines = [record.getMessage() for record in caplog.records if first in record.getMessage()]
    assert lines == [f"mail to {first} (email-verify): {mails[1]['link']}"]
    assert await server.engine.kit.store.outbox.claim_due("mail", 1.0) is None


async def test_with_smtp_mails_go_both_ways(serve: Serve) -> None:
    server = await boxed(serve)
    address = await sign_up(server)
    assert len(server.mailbox.to(address)) == 1
    assert [mail["to"] for mail in (await server.get("/dev/mail")).json()["mails"]] == [address]


async def test_the_pages_escape_everything_and_frame_the_mail(serve: Serve) -> None:
    server = await boxed(serve, AUTH_SMTP_HOST="")
    kit = server.engine.kit
    assert "No mail yet" in (await server.get("/dev/mail", **BROWSER)).text
    evil = '"><script>alert(1)</script>'
    letter = a_letter(
        Template.SIGNIN_OTP, to=f"x@y.test{evil}", link="javascript:alert(1)", redirect_to=evil, ticket=evil
    )
    async with kit.store.transaction() as stores:
        row = await kit.post.put_letter(stores, letter, 60)
    await kit.post.deliver(row)
    await kit.post.settle(2)
    for path in ("/dev/mail", f"/dev/mail/{row}"):
        page = await server.get(path, **BROWSER)
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "<script" not in page.text
        assert 'href="javascript' not in page.text
    assert '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert (await server.get(f"/dev/mail/{row}", **{**BROWSER, **JSON})).json()["ticket"] == evil


async def test_off_by_default(server: AuthServer) -> None:
    for path in ("/dev/mail", "/dev/mail/x"):
        answer = await server.get(path)
        assert answer.status_code == 404
        assert answer.json()["error"] == "not-found"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "http://localhost:3000"},
        {"Host": "evil.test"},
        {"Host": "evil.test:4000"},
        {"Host": "[broken"},
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=203.0.113.7"},
    ],
)
async def test_other_sites_and_other_machines_see_nothing(serve: Serve, headers: dict[str, str]) -> None:
    server = await boxed(serve, AUTH_SMTP_HOST="")
    await sign_up(server)
    answer = await server.get("/dev/mail", **headers)
    assert answer.status_code == 404
    assert "ticket" not in answer.text


@pytest.mark.parametrize(
    ("client", "status"),
    [("127.0.0.1", 200), ("127.8.9.1", 200), ("::1", 200), ("192.168.1.5", 404), ("2001:db8::1", 404), ("unix", 404)],
)
async def test_only_this_machine_is_served(serve: Serve, client: str, status: int) -> None:
    server = await boxed(serve, AUTH_SMTP_HOST="")
    transport = httpx.ASGITransport(server.engine.app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:4000") as visitor:
        assert (await visitor.get("/dev/mail")).status_code == status
        assert (await visitor.get("/dev/mail/nothing")).status_code == 404


def test_the_box_is_bounded_and_keeps_a_mail_once() -> None:
    box = MailBox()
    for number in range(MOST + 5):
        mail = Mail(str(number), a_letter(), Written("s", "h", "t"), Sender("", "a@b.test"), SystemClock().now())
        box.keep(mail)
        box.keep(mail)
    mails = box.newest_first()
    assert len(mails) == MOST
    assert mails[0].id == str(MOST + 4)
    assert box.find("0") is None


# ---------------------------------------------------------------- notices


async def test_a_notice_goes_to_the_owner_and_the_old_address_in_their_language(serve: Serve) -> None:
    server = await serve(AUTH_LOCALE_ALLOWED_LOCALES="en,es")
    kit = server.engine.kit
    address, old = new_address(), new_address()
    await server.sign_up(address, locale="es")
    user = await kit.store.users.by_email(address)
    assert user is not None
    async with kit.store.transaction() as stores:
        rows = await put_notice(stores, kit, user, events.EMAIL_CHANGED, also_to=[old, address.upper()])
    assert len(rows) == 2
    kit.post.deliver_in_background(*rows)
    await kit.post.settle(2)
    for each in (address, old):
        (mail,) = server.mailbox.to(each)
        assert mail["Subject"] == "La dirección de correo de su cuenta ha cambiado"
        assert mail["X-Email-Template"] == "notice"
        assert mail["X-Ticket"] == ""
    assert address not in server.mailbox.last(old).as_string(), "the old address is not told the new one"


async def test_who_has_no_address_gets_none(serve: Serve) -> None:
    server = await serve(AUTH_ANONYMOUS_USERS_ENABLED="true")
    kit = server.engine.kit
    await server.sign_up(address := new_address())
    user = await kit.store.users.by_email(address)
    assert user is not None
    async with kit.store.transaction() as stores:
        nobody = dataclasses.replace(user, email=None)
        assert await put_notice(stores, kit, nobody, events.PASSWORD_CHANGED) == ()
