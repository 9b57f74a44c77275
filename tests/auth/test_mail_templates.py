"""Templates: the operator's folder before ours, the user's language before the default one, and a mail in any case."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from mail_kit import a_letter, settings_of

from auth_engine.flows import events
from auth_engine.mail.letters import Letter, Template
from auth_engine.mail.library import OURS, NoTemplate, library_of
from auth_engine.mail.plain import plain_text
from auth_engine.mail.render import Renderer, Written

LOCALES = ("en", "fr", "cs", "es", "bg")


class Folder:
    """An operator's folder of templates."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, name: str, text: str | bytes) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def write(self, letter: Letter, **settings: str) -> Written:
        return Renderer.of(settings_of(AUTH_EMAIL_TEMPLATES_PATH=str(self.path), **settings)).write(letter)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("template", list(Template))
def test_every_template_in_every_language(template: Template, locale: str) -> None:
    subject = "password-changed" if template is Template.NOTICE else ""
    written = Renderer.of(settings_of()).write(a_letter(template, locale=locale, subject=subject, new_email="n@x.test"))
    assert written.subject
    assert f'<html lang="{locale}">' in written.html
    assert "$" not in written.subject + written.html + written.text
    shown = {Template.NOTICE: "somebody@example.test", Template.EMAIL_CONFIRM_CHANGE: "n@x.test"}
    codes = (Template.SIGNIN_OTP, Template.ELEVATE_OTP)
    link = a_letter().link
    wanted = shown.get(template, a_letter().ticket if template in codes else link)
    assert wanted in written.text
    if template not in (*codes, Template.NOTICE):
        assert link in written.text.split()


@pytest.mark.parametrize("locale", LOCALES)
def test_a_sentence_for_every_event(locale: str) -> None:
    known = {value for name, value in vars(events).items() if name[0].isupper() and isinstance(value, str)}
    lines = (OURS / locale / "notice" / "sentences.txt").read_text().splitlines()
    sentences = dict(line.split(": ", 1) for line in lines)
    assert known - sentences.keys() == set()
    assert len(set(sentences.values())) == len(sentences)
    renderer = Renderer.of(settings_of())
    assert renderer.write(a_letter(Template.NOTICE, locale=locale, subject="x")).subject == sentences["otherwise"]


def test_an_operators_sentences_for_a_few_events(folder: Folder) -> None:
    folder.put("en/notice/sentences.txt", "# ours\npassword-changed: A new password: was it you?\n\nnonsense\n")
    notice = a_letter(Template.NOTICE, subject="password-changed")
    assert folder.write(notice).subject == "A new password: was it you?"
    assert folder.write(a_letter(Template.NOTICE, subject="pat-made")).subject.startswith("A personal access token")
    assert (
        folder.write(a_letter(Template.NOTICE, subject="unknown")).subject == "Something about your account was changed"
    )


def test_no_folder_of_templates_holds_anything_else() -> None:
    names = {tuple(sorted(path.name for path in (OURS / locale).iterdir())) for locale in LOCALES}
    assert names == {tuple(sorted([*(each.value for each in Template), "signin-passwordless-sms"]))}


def test_the_operators_folder_goes_first_and_lacks_what_it_lacks(folder: Folder) -> None:
    folder.put("en/email-verify/body.html", "<p>Hi ${displayName}: ${ link } ${nobody knows}${serverUrl}</p>")
    folder.put("en/email-verify/subject.txt", "For ${email}\n")
    written = folder.write(a_letter(display_name="<b>&"))
    assert written.subject == "For somebody@example.test"
    assert written.html.startswith("<p>Hi &lt;b&gt;&amp;: http://auth.test/verify?redirectTo=")
    assert written.html.endswith(" http://auth.test</p>")
    assert folder.write(a_letter(Template.PASSWORD_RESET)).subject == "Reset your password"


def test_a_language_that_is_missing_falls_back_to_the_same_template(folder: Folder) -> None:
    folder.put("en/email-verify/body.html", "own english")
    folder.put("de/email-verify/body.html", "own german")
    assert folder.write(a_letter(locale="fr"), AUTH_LOCALE_DEFAULT="de").html == "own german"
    assert folder.write(a_letter(locale="en"), AUTH_LOCALE_DEFAULT="de").html == "own english"
    assert folder.write(a_letter(locale="de")).html == "own german"
    reset = folder.write(a_letter(Template.PASSWORD_RESET, locale="fr"), AUTH_LOCALE_DEFAULT="de")
    assert reset.subject == "Réinitialiser votre mot de passe"
    assert folder.write(a_letter(Template.PASSWORD_RESET, locale="xx")).subject == "Reset your password"


def test_a_subject_is_of_the_language_of_its_body(folder: Folder) -> None:
    folder.put("fr/email-verify/body.html", "à nous")
    folder.put("en/email-verify/subject.txt", "ours")
    assert folder.write(a_letter(locale="fr")).subject == "Vérifier votre courriel"


@pytest.mark.parametrize("locale", ["..", "/e", "e/", "", "\x00n", "english"])
def test_a_locale_that_is_none(folder: Folder, locale: str) -> None:
    (folder.path.parent / "email-verify").mkdir(exist_ok=True)
    (folder.path.parent / "email-verify" / "body.html").write_text("outside")
    assert "Please confirm" in folder.write(a_letter(locale=locale)).html


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("body.html", b"\xff\xfe broken"),
        ("body.html.j2", b"{% if %}"),
        ("body.html.j2", b"{{ 1 / 0 }}"),
        ("body.html.j2", b"{% include 'nowhere' %}"),
        ("body.html.j2", b"{{ ''.__class__.__mro__[1].__subclasses__() }}"),
    ],
)
def test_a_broken_template_is_told_once_and_ours_is_taken(
    folder: Folder, name: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    folder.put(f"en/email-verify/{name}", content)
    renderer = Renderer.of(settings_of(AUTH_EMAIL_TEMPLATES_PATH=str(folder.path)))
    for _ in range(2):
        assert "Please confirm" in renderer.write(a_letter()).html
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "verifyEmail:" not in caplog.text


def test_jinja_escapes_in_html_alone_and_knows_no_more_than_its_variables(folder: Folder) -> None:
    folder.put("en/email-verify/body.html.j2", "{{ displayName }}|{{ nobody.knows }}|{% include 'foot.html.j2' %}")
    folder.put("foot.html.j2", "<i>{{ redirectTo }}</i>")
    folder.put("en/email-verify/subject.txt.j2", "{{ displayName }}\n{% if link %}yes{% endif %}")
    folder.put("en/email-verify/body.txt.j2", "{{ displayName }} at {{ link }}\n")
    written = folder.write(a_letter(display_name="<b>\r\nx", redirect_to='"><script>'))
    assert written.html == "&lt;b&gt;x||<i>&#34;&gt;&lt;script&gt;</i>"
    assert written.subject == "<b>xyes"
    assert written.text == f"<b>x at {a_letter().link}"


def test_old_css_is_no_jinja(folder: Folder) -> None:
    css = "<style>{# not a comment #} a{color:red}{% x %}</style>${link}"
    folder.put("en/email-verify/body.html", css)
    written = folder.write(a_letter())
    assert written.html.startswith("<style>{# not a comment #} a{color:red}{% x %}</style>http://")
    assert written.text == f"{a_letter().link}\n"


def test_a_value_is_never_a_template(folder: Folder) -> None:
    folder.put("en/email-verify/body.html", "${displayName}")
    folder.put("en/password-reset/body.html.j2", "{{ displayName }}")
    assert folder.write(a_letter(display_name="${ticket}")).html == "${ticket}"
    assert folder.write(a_letter(Template.PASSWORD_RESET, display_name="{{ ticket }}")).html == "{{ ticket }}"


def test_what_is_missing_is_told_at_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    library = library_of(
        settings_of(AUTH_EMAIL_TEMPLATES_PATH=str(tmp_path / "nowhere"), AUTH_LOCALE_ALLOWED_LOCALES="en,de")
    )
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert "AUTH_EMAIL_TEMPLATES_PATH" in caplog.text
    assert " de:" in caplog.text
    with pytest.raises(NoTemplate):
        library.render("en", "no-such-template", "body.html", {})


def test_the_usual_folders_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Folder(tmp_path / "share" / "email-templates").put("en/email-verify/body.html", "share")
    assert Renderer.of(settings_of()).write(a_letter()).html == "share"
    Folder(tmp_path / "email-templates").put("en/email-verify/body.html", "nearer")
    assert Renderer.of(settings_of()).write(a_letter()).html == "nearer"


def test_plain_text() -> None:
    html = (
        "<html><head><title>no</title><style>p{}</style></head><body><h1>Hello\n  you</h1><p>A&nbsp;&amp;b<br>c</p>"
        '<a href="https://x.test/?a=1&amp;b=2">Here</a><p><a href="https://y.test">https://y.test</a></p><script>1</script>'
        "<a>nowhere</a></p></a>"
    )
    text = plain_text(html)
    assert text == ("Hello you\n\nA &b\n\nc\n\nHere:\n\nhttps://x.test/?a=1&b=2\n\nhttps://y.test\n\nnowhere\n")
    assert plain_text("<p <a <<b>&#0;</p").endswith("\n")
