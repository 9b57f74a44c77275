"""Text messages by each provider, against a stub of its API."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from mail_kit import HttpStub, is_signed, settings_of

from auth_engine.mail.sms import CannotSend, Sms, sms_of
from auth_engine.net.outside import Outside

NUMBER = "+41791234567"
TWILIO = {
    "AUTH_SMS_PROVIDER": "twilio",
    "AUTH_SMS_TWILIO_ACCOUNT_SID": "AC1",
    "AUTH_SMS_TWILIO_AUTH_TOKEN": "token",
    "AUTH_SMS_TWILIO_MESSAGING_SERVICE_ID": "MG1",
}


@pytest.fixture
def stub() -> Iterator[HttpStub]:
    with HttpStub.open() as stub:
        yield stub


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    outside = Outside()
    yield outside
    await outside.close()


def sender(outside: Outside, url: str = "http://127.0.0.1:1", **settings: str) -> Sms:
    names = ("TWILIO_URL", "TWILIO_VERIFY_URL", "MODICA_URL", "WEBHOOK_URL")
    urls = {f"AUTH_SMS_{name}": url for name in names}
    sms = sms_of(settings_of(**{**urls, "AUTH_SMS_PASSWORDLESS_ENABLED": "true", **settings}), outside)
    assert sms is not None
    return sms


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_off_is_off() -> None:
    assert sms_of(settings_of(), Outside()) is None


async def test_twilio_messages(stub: HttpStub, outside: Outside) -> None:
    sms = sender(outside, stub.url, **TWILIO)
    assert not sms.makes_codes
    await sms.send_code(NUMBER, "012345", "fr")
    (asked,) = stub.asked
    assert asked.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert asked.headers["authorization"] == basic("AC1", "token")
    assert asked.form == {"To": NUMBER, "MessagingServiceSid": "MG1", "Body": "Votre code est 012345."}


@pytest.mark.parametrize(
    ("account", "service", "user"), [("VA1", "AC1", "AC1"), ("AC1", "VA1", "AC1"), ("VA1", "", "VA1")]
)
async def test_twilio_verify_makes_and_checks_the_codes(
    stub: HttpStub, outside: Outside, account: str, service: str, user: str
) -> None:
    names = {"AUTH_SMS_TWILIO_ACCOUNT_SID": account, "AUTH_SMS_TWILIO_MESSAGING_SERVICE_ID": service}
    sms = sender(outside, stub.url, **{**TWILIO, **names})
    assert sms.makes_codes
    stub.answers += [
        (201, {"status": "pending"}),
        (200, {"status": "pending"}),
        (200, {"status": "approved"}),
        (404, {}),
    ]
    await sms.send_code(NUMBER, "unused", "es")
    assert [await sms.check(NUMBER, code) for code in ("000000", "012345", "012345")] == [False, True, False]
    first, second, *_ = stub.asked
    assert first.path == "/v2/Services/VA1/Verifications"
    assert first.headers["authorization"] == basic(user, "token")
    assert first.form == {"To": NUMBER, "Channel": "sms", "Locale": "es"}
    assert second.path == "/v2/Services/VA1/VerificationCheck"
    assert second.form == {"To": NUMBER, "Code": "000000"}
    stub.answers.append((503, {}))
    with pytest.raises(CannotSend, match="503"):
        await sms.check(NUMBER, "012345")


async def test_modica(stub: HttpStub, outside: Outside) -> None:
    account = {"AUTH_SMS_MODICA_USERNAME": "user", "AUTH_SMS_MODICA_PASSWORD": "secret"}
    sms = sender(outside, stub.url, AUTH_SMS_PROVIDER="modica", **account)
    stub.answers.append((202, {"id": 1}))
    await sms.send_code(NUMBER, "012345", "en")
    (asked,) = stub.asked
    assert asked.path == "/rest/sms/v2/messages"
    assert asked.headers["authorization"] == basic("user", "secret")
    assert asked.json == {"destination": NUMBER, "content": "Your code is 012345."}


async def test_webhook(stub: HttpStub, outside: Outside) -> None:
    sms = sender(outside, stub.url, AUTH_SMS_PROVIDER="webhook", AUTH_SMS_WEBHOOK_SECRET="a secret of the tests")
    await sms.send_code(NUMBER, "012345", "cs")
    await sms.send(NUMBER, "any text")
    assert [asked.json for asked in stub.asked] == [
        {"to": NUMBER, "text": "Váš kód je 012345."},
        {"to": NUMBER, "text": "any text"},
    ]
    assert all(is_signed(asked, b"a secret of the tests") for asked in stub.asked)


async def test_a_webhook_without_an_address_sends_nothing(outside: Outside) -> None:
    with pytest.raises(CannotSend):
        await sender(outside, "", AUTH_SMS_PROVIDER="webhook").send(NUMBER, "x")


async def test_dev_is_one_line_in_the_log(outside: Outside, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await sender(outside, AUTH_SMS_PROVIDER="dev").send_code(NUMBER, "012345", "en")
    assert [record.getMessage() for record in caplog.records] == [f"SMS to {NUMBER}: Your code is 012345."]


@pytest.mark.parametrize("provider", ["twilio", "modica", "webhook"])
@pytest.mark.parametrize("status", [302, 400, 401, 429, 500])
async def test_what_is_not_taken_cannot_be_sent(stub: HttpStub, outside: Outside, provider: str, status: int) -> None:
    stub.answers.append((status, {"message": NUMBER}))
    with pytest.raises(CannotSend, match=str(status)) as failure:
        await sender(outside, stub.url, **{**TWILIO, "AUTH_SMS_PROVIDER": provider}).send(NUMBER, "the code 012345")
    assert "012345" not in str(failure.value)
    assert NUMBER not in str(failure.value)


@pytest.mark.parametrize("provider", ["twilio", "modica", "webhook"])
async def test_nobody_listens(outside: Outside, provider: str) -> None:
    with pytest.raises(CannotSend):
        await sender(outside, **{**TWILIO, "AUTH_SMS_PROVIDER": provider}).send(NUMBER, "x")


async def test_an_operators_own_words(outside: Outside, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "en" / "signin-passwordless-sms"
    folder.mkdir(parents=True)
    (folder / "body.txt.j2").write_text("{{ code }} is it <3\n")
    caplog.set_level(logging.INFO)
    sms = sender(outside, AUTH_SMS_PROVIDER="dev", AUTH_EMAIL_TEMPLATES_PATH=str(tmp_path))
    await sms.send_code(NUMBER, "012345", "en")
    assert caplog.records[-1].getMessage() == f"SMS to {NUMBER}: 012345 is it <3"
