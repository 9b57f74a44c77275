"""Which addresses a browser may be sent to: the contract's table, and the tricks that broke others."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_engine.core.redirects import RedirectRules, with_query

APP = RedirectRules(["https://app.test"])


@pytest.mark.parametrize(
    "target",
    [
        "https://app.test",
        "https://app.test/",
        "https://app.test/x",
        "https://app.test:443/x",
        "https://app.test/x/y.html?next=https://evil.test#there",
        "https://app.test?x=1",
        "https://app.test#x",
    ],
)
def test_an_entry_stands_for_itself_and_everything_below(target: str) -> None:
    assert APP.allow(target)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "/x",
        "//app.test",
        "app.test",
        "http://app.test",
        "HTTPS://app.test",
        "https://app.test.evil.test",
        "https://app.test.evil.test/app.test",
        "https://app.testevil",
        "https://app.test@evil.test/",
        "https://app.test:x@evil.test/",
        "https://app.test:443@evil.test/",
        "https://app.test:444",
        "https://evil.test/https://app.test",
        "https://evil.test?https://app.test/",
        "https://evil.test#https://app.test/",
        "https://app.test\\@evil.test",
        "https://app.test\\.evil.test",
        "https:\\\\app.test",
        "https:/app.test",
        "https:///app.test",
        "javascript:https://app.test/%0aalert(1)",
        "https://app.test/\r\nSet-Cookie: x=1",
        "https://app.test/\t",
        " https://app.test/",
        "https://app.test/ x",
        'https://app.test/"x',
        "https://app.test/<script>",
        "https://аpp.test/",
        "https://app。test/",
        "https://app.test\u2028/",
        "https://app.test/\u1680",
        "https://app.test/" + "x" * 5000,
    ],
)
def test_what_only_looks_like_it_is_refused(target: str) -> None:
    assert not APP.allow(target)


@pytest.mark.parametrize(
    ("entry", "allowed", "refused"),
    [
        (
            "https://*.app.test",
            ["https://a.app.test/x", "https://a.app.test"],
            ["https://a.b.app.test", "https://app.test"],
        ),
        (
            "https://**.app.test",
            ["https://a.app.test", "https://a.b.app.test/x"],
            ["https://app.test", "https://evil.test/.app.test", "https://evil.test/x.app.test/y"],
        ),
        ("https://**", ["https://a.b.test", "https://a.test/x/y"], ["http://a.test"]),
        ("https://{a,**.b}.test", ["https://a.test", "https://x.y.b.test/x"], ["https://evil.test/x.b.test"]),
        ("https://app.test/**/in", ["https://app.test/a/b/in", "https://app.test/a/in/x"], ["https://app.test/a/b"]),
        (
            "https://app.test/in/*",
            ["https://app.test/in/x", "https://app.test/in/x/y"],
            ["https://app.test/out", "https://app.test/info"],
        ),
        (
            "https://app.test/in/",
            ["https://app.test/in", "https://app.test/in/x", "https://app.test/in/x..y/...", "https://app.test/in/a.b"],
            [
                "https://app.test/out",
                "https://app.test/in/../out",
                "https://app.test/in/..",
                "https://app.test/in/%2e%2E/out",
                "https://app.test/in/.%2e?x",
            ],
        ),
        ("https://app-?.test", ["https://app-1.test"], ["https://app-12.test", "https://app-..test"]),
        ("https://app-[ab].test", ["https://app-a.test/x"], ["https://app-c.test"]),
        ("https://app-[!ab].test", ["https://app-c.test/x"], ["https://app-a.test"]),
        ("https://{app,api}.test", ["https://app.test", "https://api.test/x"], ["https://www.test"]),
        (
            "http://localhost:3000",
            ["http://localhost:3000/x"],
            ["http://localhost:30001", "http://localhost", "http://localhost:80"],
        ),
        (
            "http://app.test:80",
            ["http://app.test/x", "http://app.test:80"],
            ["http://app.test:443", "https://app.test"],
        ),
        ("http://localhost:*", ["http://localhost:3000/x"], ["http://localhost.evil.test"]),
        ("myapp://", ["myapp://callback"], ["yourapp://callback"]),
    ],
)
def test_globs(entry: str, allowed: list[str], refused: list[str]) -> None:
    rules = RedirectRules([entry])
    assert [target for target in allowed if not rules.allow(target)] == []
    assert [target for target in refused if rules.allow(target)] == []


def test_nothing_is_allowed_by_an_empty_list() -> None:
    assert not RedirectRules([]).allow("https://app.test")


@given(st.text(max_size=60), st.sampled_from(["https://app.test", "https://app.test/", "https://"]))
def test_what_is_allowed_leads_to_the_host(tail: str, head: str) -> None:
    """An independent reader of addresses agrees: nothing leads elsewhere."""
    target = head + tail
    if APP.allow(target):
        parts = urlsplit(target)
        assert (parts.scheme, parts.hostname, parts.username) == ("https", "app.test", None)
        assert parts.port in (None, 443)
        assert not re.search(r"[\s\\]", target)


@given(st.text(alphabet="[]{}*?,!^-\\ab./", max_size=12))
def test_no_entry_breaks_the_rules(entry: str) -> None:
    RedirectRules([f"https://{entry}"]).allow("https://app.test/x")


def test_values_are_set_in_a_query() -> None:
    url = with_query("https://app.test/x?z=1&type=old#there", {"type": "new", "a": "ä &"})
    assert url == "https://app.test/x?a=%C3%A4+%26&type=new&z=1#there"
