"""Mails as they travel: their headers whole, their bodies readable, their words of several languages."""

from __future__ import annotations

import asyncio
import datetime
import email
import email.policy
import ssl
from pathlib import Path

import pytest
from aiosmtplib.email import parse_address
from auth_kit import new_address, query_of
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from mail_kit import LINK, HttpStub, RawSmtp, Serve, a_letter, mailer_of, rude_server, settings_of

from auth_engine.mail.carrier import NotDelivered
from auth_engine.mail.letters import Letter, Template
from auth_engine.mail.message import sender_of

ID = "3f0c8f0e-6a3e-4a7e-9d52-0a54a9c51a11"


async def raw(letter: Letter, **settings: str) -> bytes:
    """What an SMTP server gets of a letter."""
    with RawSmtp.open() as server:
        async with mailer_of(AUTH_SMTP_HOST="127.0.0.1", AUTH_SMTP_PORT=str(server.port), **settings) as mailer:
            await mailer.send(ID, letter)
        return server.contents[0]


def head_lines(content: bytes) -> list[bytes]:
    return content.partition(b"\r\n\r\n")[0].split(b"\r\n")


async def test_a_sign_up_that_needs_verification_mails_a_link(serve: Serve) -> None:
    server = await serve(AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true")
    address = new_address()
    answer = await server.post("/signup/email-password", {"email": address, "password": "Str0ng-enough!"})
    assert answer.json() == {}
    mail = server.mailbox.last(address)
    assert mail["X-Email-Template"] == "email-verify"
    assert query_of(mail["X-Link"])["ticket"] == mail["X-Ticket"]
    assert mail["Subject"] == "Verify your email"


async def test_headers_that_others_read_are_whole_and_plain() -> None:
    link = LINK + "&filler=" + "x" * 500
    content = await raw(a_letter(link=link), AUTH_SMTP_X_SMTPAPI_HEADER='{"category": ["auth"]}')
    lines = head_lines(content)
    for wanted in (
        b"From: usher <usher@auth.test>",
        b"To: somebody@example.test",
        b"Subject: Verify your email",
        f"Message-ID: <{ID}@auth.test>".encode(),
        b"X-Email-Template: email-verify",
        b"X-Link: " + link.encode(),
        b"X-Ticket: verifyEmail:1",
        b"X-Redirect-To: https://app.test",
        b'X-SMTPAPI: {"category": ["auth"]}',
        b"MIME-Version: 1.0",
    ):
        assert wanted in lines
    assert any(line.startswith(b"Date: ") for line in lines)
    assert b"base64" not in content.lower()
    assert content.count(link.encode()) == 2, "in the header and in the plain text, unbroken"
    assert link.replace("&", "&amp;").encode() in content


async def test_a_value_too_long_for_a_header_is_left_out_and_stands_in_the_body() -> None:
    link = LINK + "&filler=" + "x" * 1200
    content = await raw(a_letter(link=link, redirect_to="https://app.test/" + "y" * 900))
    assert b"X-Link" not in content
    assert b"X-Redirect-To" not in content
    assert b"X-Ticket: verifyEmail:1" in head_lines(content)
    mail = email.message_from_bytes(content, policy=email.policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    assert link in body.get_content().split()
    assert body["Content-Transfer-Encoding"] == "quoted-printable"
    assert all(len(line) < 998 for line in content.split(b"\r\n"))


@pytest.mark.parametrize(
    ("template", "subject"),
    [
        (Template.EMAIL_VERIFY, "Vérifier votre courriel"),
        (Template.EMAIL_CONFIRM_CHANGE, "Changez votre adresse courriel"),
        (Template.SIGNIN_PASSWORDLESS, "Lien de connexion sécurisé"),
        (Template.PASSWORD_RESET, "Réinitialiser votre mot de passe"),
        (Template.SIGNIN_OTP, "Mot de passe à usage unique pour https://app.test"),
    ],
)
async def test_french(template: Template, subject: str) -> None:
    async with mailer_of() as mailer:
        assert mailer.renderer.write(a_letter(template, locale="fr")).subject == subject


@pytest.mark.parametrize(
    ("template", "subject"),
    [
        (Template.EMAIL_VERIFY, "Verify your email"),
        (Template.EMAIL_CONFIRM_CHANGE, "Change your email address"),
        (Template.SIGNIN_PASSWORDLESS, "Secure sign-in link"),
        (Template.PASSWORD_RESET, "Reset your password"),
        (Template.SIGNIN_OTP, "One-time password for https://app.test"),
    ],
)
async def test_english(template: Template, subject: str) -> None:
    async with mailer_of() as mailer:
        assert mailer.renderer.write(a_letter(template)).subject == subject


async def test_other_alphabets_travel_encoded_in_the_subject_and_plain_in_the_body() -> None:
    content = await raw(a_letter(Template.SIGNIN_OTP, locale="bg", link="", ticket="012345"))
    assert content.partition(b"\r\n\r\n")[0].isascii()
    assert "Това е вашата еднократна парола".encode() in content
    assert b"X-Link: " in head_lines(content)
    assert b"X-Ticket: 012345" in head_lines(content)
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert mail["Subject"] == "Еднократна парола за https://app.test"
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert part["Content-Transfer-Encoding"] == "8bit"
        assert "012345" in part.get_content()


async def test_a_server_without_8bitmime_gets_quoted_printable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiosmtplib.SMTP.supports_extension", lambda self, name: False)
    content = await raw(a_letter(locale="cs"))
    assert content.isascii()
    assert b"base64" not in content.lower()
    mail = email.message_from_bytes(content, policy=email.policy.default)
    part = mail.get_body(("html",))
    assert part is not None
    assert "že tato e-mailová adresa patří vám" in part.get_content()


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\r\n ", "\x0b", "\x00", "\u2028", "\x85"])
async def test_nothing_breaks_out_of_a_header_or_the_html(break_: str) -> None:
    bad = f"x{break_}Bcc: victim@evil.test{break_}{break_}<b>bold</b>"
    letter = a_letter(
        Template.SIGNIN_OTP,
        redirect_to=f"https://app.test/{bad}",
        display_name=bad,
        ticket=bad,
        link=bad,
        new_email=bad,
    )
    content = await raw(letter, AUTH_SMTP_X_SMTPAPI_HEADER="{}")
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert "Bcc" not in mail
    assert mail.get_all("To") == ["somebody@example.test"]
    part = mail.get_body(("html",))
    assert part is not None
    assert "<b>" not in part.get_content()
    assert mail["X-Ticket"] == "xBcc: victim@evil.test<b>bold</b>" or break_ == "\r\n "
    assert b"\r\nBcc" not in content


@pytest.mark.parametrize("address", ["a..b@example.test", ".a@example.test", "o'brien+x=1@sub.example.test", "{x}@a"])
async def test_every_address_that_the_database_takes_can_be_written_to(address: str) -> None:
    """HTML5's pattern allows more than RFC 5322's atoms."""
    async with mailer_of(AUTH_DEV_MAIL_BOX="true") as mailer:
        assert parse_address(address) == address
        await mailer.send(ID, a_letter(to=address))
    content = (
        await raw(a_letter(to=address)) if ".." not in address and address[0] != "." else b"To: " + address.encode()
    )
    assert b"To: " + address.encode() in head_lines(content)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("usher <usher@auth.test>", "usher <usher@auth.test>"),
        ("usher@auth.test", "usher@auth.test"),
        ('"Usher, Inc." <usher@auth.test>', '"Usher, Inc." <usher@auth.test>'),
        ("Usher\r\nBcc: x@evil.test <usher@auth.test>", None),
        ("", "no-reply@auth.test"),
        ("nobody", "no-reply@auth.test"),
    ],
)
def test_senders(given: str, expected: str | None) -> None:
    header = str(sender_of(settings_of(AUTH_SMTP_SENDER=given)).header)
    assert "\n" not in header
    assert expected is None or header == expected


async def test_a_sender_of_another_alphabet_is_encoded() -> None:
    content = await raw(a_letter(), AUTH_SMTP_SENDER="Мария <usher@auth.test>")
    assert email.message_from_bytes(content, policy=email.policy.default)["From"] == "Мария <usher@auth.test>"
    assert content.partition(b"\r\n\r\n")[0].isascii()


# ---------------------------------------------------------------- the wire


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate of localhost that nobody but itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


def account(port: int, **more: str) -> dict[str, str]:
    return {
        "AUTH_SMTP_HOST": "localhost",
        "AUTH_SMTP_PORT": str(port),
        "AUTH_SMTP_USER": "usher",
        "AUTH_SMTP_PASS": "secret",
        **more,
    }


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_starttls_and_signing_in(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    path, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with RawSmtp.open("localhost", tls_context=context, require_starttls=True, auth_required=True) as server:
        async with mailer_of(**account(server.port, AUTH_SMTP_AUTH_METHOD=method)) as mailer:
            await mailer.send(ID, a_letter())
        assert server.logins == [(method, b"usher", b"secret")]
        assert len(server.contents) == 1


async def test_a_certificate_that_nobody_vouches_for_gets_no_credentials(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    with RawSmtp.open("localhost", tls_context=certificate[1]) as server:
        async with mailer_of(**account(server.port)) as mailer:
            with pytest.raises(NotDelivered):
                await mailer.send(ID, a_letter())
        assert server.logins == []
        assert server.contents == []


async def test_wrong_credentials_are_refused_without_being_told() -> None:
    with RawSmtp.open("localhost", auth_require_tls=False) as server:
        async with mailer_of(**account(server.port, AUTH_SMTP_PASS="wr0ng")) as mailer:
            with pytest.raises(NotDelivered, match="535") as failure:
                await mailer.send(ID, a_letter())
        assert "wr0ng" not in str(failure.value)


async def test_credentials_never_travel_unencrypted_but_to_this_machine() -> None:
    with RawSmtp.open("127.0.0.2", auth_require_tls=False) as server:
        async with mailer_of(**account(server.port, AUTH_SMTP_HOST="127.0.0.2")) as mailer:
            with pytest.raises(NotDelivered, match="not encrypted"):
                await mailer.send(ID, a_letter())
        assert server.logins == []
    with RawSmtp.open("127.0.0.1", auth_require_tls=False) as server:
        async with mailer_of(**account(server.port, AUTH_SMTP_HOST="127.0.0.1")) as mailer:
            await mailer.send(ID, a_letter())
        assert server.logins == [("PLAIN", b"usher", b"secret")]


@pytest.mark.parametrize(
    "greeting", [b"", b"220 hello\r\n", b"220 hello", b"421 go away\r\n", b"drop", b"nonsense\r\n"]
)
async def test_a_server_that_misbehaves_costs_the_timeout_at_most(greeting: bytes) -> None:
    async with rude_server(greeting) as port:
        settings = {"AUTH_SMTP_HOST": "127.0.0.1", "AUTH_SMTP_PORT": str(port), "AUTH_SMTP_TIMEOUT": "100"}
        async with mailer_of(**settings) as mailer, asyncio.timeout(2):
            with pytest.raises(NotDelivered):
                await mailer.send(ID, a_letter())


async def test_nobody_listens() -> None:
    async with mailer_of(AUTH_SMTP_HOST="127.0.0.1", AUTH_SMTP_PORT="1") as mailer:
        with pytest.raises(NotDelivered):
            await mailer.send(ID, a_letter())


# ---------------------------------------------------------------- Postmark


async def test_postmark_by_template_else_in_our_words() -> None:
    with HttpStub.open() as stub:
        settings = {
            "AUTH_SMTP_HOST": "postmark",
            "AUTH_SMTP_PASS": "server-token",
            "AUTH_SMTP_POSTMARK_URL": stub.url,
        }
        async with mailer_of(**settings) as mailer:
            await mailer.send(ID, a_letter(locale="fr"))
            stub.answers += [(422, {"ErrorCode": 1101}), (422, {"ErrorCode": 1101})]
            await mailer.send(ID, a_letter(Template.NOTICE, locale="fr", subject="password-changed"))
            stub.answers += [(422, {"ErrorCode": 300})]
            with pytest.raises(NotDelivered, match="422") as refused:
                await mailer.send(ID, a_letter())
            assert refused.value.permanent
    first, french, english, plain, _ = stub.asked
    assert first.path == "/email/withTemplate"
    assert first.headers["x-postmark-server-token"] == "server-token"
    assert first.json["TemplateAlias"] == "fr.email-verify"
    assert first.json["TemplateModel"]["link"] == LINK
    assert first.json["To"] == "somebody@example.test"
    assert {"Name": "X-Ticket", "Value": "verifyEmail:1"} in first.json["Headers"]
    assert [french.json["TemplateAlias"], english.json["TemplateAlias"]] == ["fr.notice", "en.notice"]
    assert plain.path == "/email"
    assert plain.json["Subject"] == "Votre mot de passe a été modifié"
