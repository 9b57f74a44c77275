"""docs/auth against the code of the auth engine: its tables are whole, and what its prose names exists."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from docs.examples import AuthExchange, Story
from docs.pages import DOCS, blocks_of
from docs.test_docs_links import LINK
from docs.test_docs_tables import Row, rows, words

from auth_engine.core import settings as auth
from auth_engine.core.errors import Code
from auth_engine.core.settings import PROVIDERS, Rate, Settings
from auth_engine.flows import elevation, events
from auth_engine.http.route import Access
from auth_engine.http.table import ROUTES
from auth_engine.limits import buckets
from auth_engine.net.signing import signed_headers
from commons.environment import variables

BOOK = DOCS / "auth"
PAGES = sorted(BOOK.glob("*.md"))
TOKEN = {"": Access.NONE, "may": Access.OPTIONAL, "yes": Access.TOKEN, "elevated": Access.ELEVATED}
SETTINGS = "auth/settings.md"
LISTS = ("settings.md", "moving-from-hasura-auth.md")
"""Pages without requests."""
FIRST_PARTS = ("The process", "Answers", "Users", "Sessions and tokens", "Passwords and second factors")
PARTS = (*FIRST_PARTS, "Mail and text messages", "Webhooks", "Limits")


# ---------------------------------------------------------------- the front page


def test_the_front_page_names_every_page() -> None:
    named = {link["target"] for link in LINK.finditer((BOOK / "index.md").read_text(encoding="utf-8"))}
    assert {page.name for page in PAGES} - {"index.md"} <= named


def test_every_route_stands_there() -> None:
    said = [(words(row[0])[0], TOKEN.get(row[1], Access.ADMIN), row[2]) for row in route_rows()]
    assert said == [(f"{route.method} {route.path}", route.access, route.summary) for route in ROUTES]


def test_every_route_is_told_of_on_its_page() -> None:
    missing = [row[0] for row in route_rows() if not _is_told(words(row[0])[0].split(" ")[1], row[3])]
    assert missing == []


def route_rows() -> list[Row]:
    return rows("auth/index.md", "Every route")


def _is_told(path: str, cell: str) -> bool:
    link = LINK.search(cell)
    text = (BOOK / (link["target"] if link else "index.md")).read_text(encoding="utf-8")
    text = text.split("## Every route")[0]
    return re.search(re.sub(r"\\{\w+\\}", "[^/`]+", re.escape(path)) + r"(?![\w/-])", text) is not None


def test_every_refusal_stands_there() -> None:
    said = [(words(row[0])[0], int(row[1]), row[2], row[3]) for row in rows("auth/index.md", "Every refusal")]
    assert said == [
        (each.refusal.code, each.refusal.status, each.refusal.message, "yes" if each.refusal.concealed else "")
        for each in Code
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_refusal_is_named_with_its_status(page: Path) -> None:
    statuses = {each.refusal.code: each.refusal.status for each in Code}
    named = re.findall(r"\b([45]\d\d) `?([a-z]+(?:-[a-zA-Z]+)+)`", page.read_text(encoding="utf-8"))
    assert [(status, code) for status, code in named if statuses.get(code) != int(status)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_tells_a_story(page: Path) -> None:
    told = [each for each in Story(blocks_of(page)).examples() if isinstance(each, AuthExchange)]
    assert bool(told) != (page.name in LISTS)


# ---------------------------------------------------------------- settings


def test_every_setting_stands_there_with_its_default() -> None:
    said = [(tuple(words(row[0])), row[1].strip("` ")) for part in PARTS for row in rows(SETTINGS, part)]
    known = [(each.metadata["names"], _default(getattr(Settings(), each.name))) for each in variables(Settings)]
    assert said == known


def _default(value: Any) -> str:
    match value:
        case None | {}:
            return ""
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(value)
        case Rate():
            return f"{value.burst}/{value.seconds}s"
        case _:
            return str(value)


def test_every_name_that_changes_nothing_stands_there() -> None:
    text = (BOOK / "settings.md").read_text(encoding="utf-8").split("## Names that change nothing")[1]
    assert set(words(text)) == auth.IGNORED


@pytest.mark.parametrize("page", [*PAGES, DOCS / "security.md"], ids=lambda page: page.name)
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    known = {name for each in variables(Settings) for name in each.metadata["names"]} | auth.IGNORED
    named = set(re.findall(r"\bAUTH_[A-Z0-9_]*[A-Z0-9]\b(?![_…<])", page.read_text(encoding="utf-8")))
    assert {name for name in named - known if auth.provider_variable(name) is None} == set()


# ---------------------------------------------------------------- the other tables


def test_every_provider_stands_there() -> None:
    text = (BOOK / "providers.md").read_text(encoding="utf-8").split("## ")[0]
    assert set(words(text)) == set(PROVIDERS)


def test_every_bucket_stands_there_with_its_default() -> None:
    said = {words(row[0])[0]: row[2] for row in rows("auth/limits.md", "Buckets by address")}
    assert said == {name: _bucket_rate(name) for name in ("GLOBAL", "EMAIL", "SMS", "BRUTE_FORCE", "SIGNUPS")}


def _bucket_rate(name: str) -> str:
    settings, prefix = Settings(), f"rate_limit_{name.lower()}"
    unit = {60: "1m", 300: "5m", 3600: "1h"}[getattr(settings, f"{prefix}_seconds")]
    return f"{getattr(settings, f'{prefix}_burst')} / {unit}"


def test_what_sends_counts_as_the_page_says() -> None:
    said = {words(row[0])[0]: set(words(row[1])) for row in rows("auth/limits.md", "Buckets by address")}
    assert said["EMAIL"] == buckets.EMAIL_PATHS | buckets.VERIFYING_PATHS
    assert said["SMS"] == buckets.SMS_PATHS


def test_every_event_that_a_page_names_exists() -> None:
    known = {value for name, value in vars(events).items() if name.isupper() and isinstance(value, str)}
    (row,) = (row for row in rows("auth/administration.md", "What happened") if row[0] == "`event`")
    assert set(words(row[1])) <= known
    changes = [row for row in rows("auth/webhooks.md", "Webhooks") if row[0] == "`user-changed`"]
    assert set(words(changes[0][1])) - {"data.change"} <= known


def test_what_the_page_checks_signatures_with_does() -> None:
    (block,) = (block for block in blocks_of(BOOK / "webhooks.md") if block.notes.get("file") == "hooks.py")
    made: dict[str, Any] = {}
    exec(block.text, made)
    key, body = b"a key of the reader's own", json.dumps({"type": "sign-in"}).encode()
    headers = signed_headers(key.decode(), "an id", datetime.now(UTC), body)
    assert made["is_ours"](headers, body, key)
    assert not made["is_ours"](headers, body + b" ", key)
    assert not made["is_ours"](headers, body, key + b"!")
    old = signed_headers(key.decode(), "an id", datetime.fromtimestamp(time.time() - 600, UTC), body)
    assert not made["is_ours"](old, body, key)


def test_every_route_that_asks_for_elevation_is_told_of() -> None:
    text = (BOOK / "second-factors.md").read_text(encoding="utf-8").split("Routes of Hasura Auth:")[1]
    theirs = {word for word in words(text.split("Ours:")[0]) if word.startswith("/")}
    assert theirs == elevation._HASURA_AUTH
    ours = {route.path for route in ROUTES if route.access is Access.ELEVATED} - theirs
    assert ours == {
        *("/user/mfa/recovery-codes", "/user/security-keys/remove", "/user/providers/unlink", "/user/delete"),
        *("/user/phone-number/change", "/user/phone-number/verify"),
    }, "the sentence that begins with `Ours:` names others"
