"""The whole story as a browser would live it: sign up, open the mailed link, press its button, sign in, read and change
one's own profile over GraphQL, renew the session, sign out. One process, one database, a real mail server."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
from auth.auth_kit import Mailbox, link_of
from front.commands import ROOT, Serving
from front.test_auth_serving import ADDRESS, PASSWORD, SETTINGS

from usher.postgres import EmbeddedPostgres

Start = Callable[..., Serving]

ANNA = "anna@example.test"
CLIENT = "http://app.test"
BROWSER = {"Accept": "text/html,application/xhtml+xml", "User-Agent": "Mozilla/5.0"}
OWN_USER = "query ($id: uuid!) { user(id: $id) { displayName email emailVerified locale } }"
NEW_NAME = """mutation ($id: uuid!, $name: String!) {
  updateUser(pk_columns: {id: $id}, _set: {displayName: $name}) { displayName }
}"""


@pytest.fixture
def database(postgres: EmbeddedPostgres, example: str) -> Iterator[str]:
    postgres.create_database("auth_story", "example")
    yield postgres.url("auth_story")
    postgres.drop_database("auth_story")


class Form(HTMLParser):
    """The one form of a page: where it goes, and what its hidden fields say."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.method = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action, self.method = said.get("action", ""), said.get("method", "get").lower()
        elif tag == "input" and "name" in said:
            self.fields[said["name"]] = said.get("value", "")


class Browser:
    """A tab of the application at app.test, beside the server's own pages."""

    def __init__(self, address: str) -> None:
        self.auth = f"{address}/v1/auth"
        self._graphql = f"{address}/v1/graphql"

    def post(self, path: str, body: Any) -> Any:
        answer = httpx.post(self.auth + path, json=body, headers={"Origin": CLIENT}, timeout=20)
        assert answer.status_code == 200, answer.text
        assert answer.headers["access-control-allow-origin"] == CLIENT
        return answer.json()

    def ask(self, token: str, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        headers = {"Origin": CLIENT, "Authorization": f"Bearer {token}"}
        return httpx.post(self._graphql, json=body, headers=headers, timeout=20).json()

    def follow(self, link: str) -> str:
        """Open a link, press the button of the page, and tell where that leads."""
        page = httpx.get(link, headers=BROWSER)
        assert page.status_code == 200, page.text
        again = httpx.get(link, headers=BROWSER)
        assert again.status_code == 200, "looking at the page must not use the link up"
        form = Form(page.text)
        assert form.method == "post"
        target = urljoin(link, form.action)
        pressed = httpx.post(target, data=form.fields, headers={**BROWSER, "Origin": "null"})
        assert pressed.status_code == 303, pressed.text
        return pressed.headers["location"]


def test_from_signing_up_to_signing_out(start: Start, database: str) -> None:
    with Mailbox.open() as mailbox:
        settings = {
            **SETTINGS,
            "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true",
            "AUTH_SMTP_HOST": "127.0.0.1",
            "AUTH_SMTP_PORT": str(mailbox.port),
            "AUTH_SMTP_SENDER": "hello@app.test",
        }
        serving = start("serve", "--auth", "--port", 0, "--database-url", database, **settings)
        (address,) = ADDRESS.findall(serving.wait_for("Serving on"))
        browser = Browser(address)

        assert browser.post("/signup/email-password", {"email": ANNA, "password": PASSWORD}) == {}
        refused = httpx.post(f"{browser.auth}/signin/email-password", json={"email": ANNA, "password": PASSWORD})
        assert refused.json()["error"] == "unverified-user"

        link = re.sub(r"^http://127\.0\.0\.1/", f"{address}/", link_of(mailbox.last(ANNA)))
        landed = urlsplit(browser.follow(link))
        arrived = {name: values[0] for name, values in parse_qs(landed.query).items()}
        assert f"{landed.scheme}://{landed.netloc}" == CLIENT
        assert arrived["type"] == "verifyEmail"
        session = browser.post("/token", {"refreshToken": arrived["refreshToken"]})
        assert session["user"]["emailVerified"] is True
        browser.post("/signout", {"refreshToken": session["refreshToken"]})

        session = browser.post("/signin/email-password", {"email": ANNA, "password": PASSWORD})["session"]
        token, own = session["accessToken"], session["user"]["id"]
        profile = {"displayName": ANNA, "email": ANNA, "emailVerified": True, "locale": "en"}
        assert browser.ask(token, OWN_USER, id=own) == {"data": {"user": profile}}
        assert browser.ask(token, NEW_NAME, id=own, name="Anna A.")["data"]["updateUser"] == {"displayName": "Anna A."}

        renewed = browser.post("/token", {"refreshToken": session["refreshToken"]})
        assert renewed["user"]["displayName"] == "Anna A."
        assert browser.ask(renewed["accessToken"], OWN_USER, id=own)["data"]["user"]["displayName"] == "Anna A."

        assert browser.post("/signout", {"refreshToken": renewed["refreshToken"]}) == "OK"
        gone = httpx.post(f"{browser.auth}/token", json={"refreshToken": renewed["refreshToken"]})
        assert (gone.status_code, gone.json()["error"]) == (401, "invalid-refresh-token")


def test_the_readmes_ten_minutes(start: Start, database: str) -> None:
    readme = (ROOT / "README.md").read_text()
    section = readme.split("## The first ten minutes of somebody new\n")[1].split("\n## ")[0]
    lines = [line.strip() for line in section.replace("\\\n", " ").splitlines() if line.startswith("    curl ")]
    settings = {**SETTINGS, "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true", "AUTH_DEV_MAIL_BOX": "true"}
    serving = start("serve", "--auth", "--port", 0, "--database-url", database, **settings)
    (address,) = ADDRESS.findall(serving.wait_for("Serving on"))
    known: dict[str, str] = {}

    def run(line: str) -> Any:
        answer = curl(line, address, known)
        session = answer.get("session", answer) if isinstance(answer, dict) else {}
        if "accessToken" in session:
            known.update(ACCESS=session["accessToken"], REFRESH=session["refreshToken"], USER=session["user"]["id"])
        return answer

    sign_up, sign_in, ask, change, renew, sign_out = lines
    assert run(sign_up) == {}
    (mail,) = httpx.get(f"{address}/v1/auth/dev/mail", headers={"Accept": "application/json"}).json()["mails"]
    Browser(address).follow(re.sub(r"^http://127\.0\.0\.1/", f"{address}/", mail["link"]))
    run(sign_in)
    me = {"id": known["USER"], "email": "anna@example.com", "displayName": "anna@example.com"}
    assert run(ask) == {"data": {"users": [me]}}
    assert run(change) == {"data": {"updateUsers": {"returning": [{"displayName": "Anna"}]}}}
    before = known["REFRESH"]
    assert run(renew)["user"]["displayName"] == "Anna"
    assert known["REFRESH"] != before
    assert run(sign_out) == "OK"
    assert run(renew)["error"] == "invalid-refresh-token"


def curl(line: str, address: str, known: dict[str, str]) -> Any:
    """The answer to a curl of the README, asked without curl; variables are filled in as a shell would."""
    words = shlex.split(re.sub(r"\$(\w+)", lambda match: known.get(match[1], match[0]), line))
    headers = dict(words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H")
    target = words[2].replace("localhost:8080", address)
    return httpx.post(target, headers=headers, content=words[words.index("-d") + 1], timeout=20).json()
