"""The page between a mailed link and what it does: a scanner that opens every link presses no button.

One file with no script: the only style stands inside and is allowed by its digest. The form goes to `verify` beside the
page, so the page works under any prefix; `form-action` is left out, since browsers would hold it against the redirect.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final

from auth_engine.core.types import Page, TicketKind
from auth_engine.flows.verify_words import words_of

_STYLE: Final = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1.2rem;color:#222;"
    "background:#fff}h1{font-size:1.5rem}label{display:block;margin:1rem 0 .3rem}"
    "input{font:inherit;padding:.5rem;width:100%;box-sizing:border-box}"
    "button{font:inherit;margin-top:1.2rem;padding:.6rem 1.4rem;border:0;border-radius:.4rem;background:#1a56db;"
    "color:#fff;cursor:pointer}.wrong{color:#b00020}.small{font-size:.9rem;color:#555;margin-top:2rem}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = (
    (
        "Content-Security-Policy",
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Robots-Tag", "noindex"),
)


def verify_page(
    kind: TicketKind, locale: str, hidden: Mapping[str, str], *, asks_code: bool, was_wrong: bool = False
) -> Page:
    """The question, and a form that posts `hidden`, together with the code of the second factor where it is asked."""
    words = words_of(locale)
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in hidden.items()
    )
    wrong = f'<p class="wrong" role="alert">{escape(words.wrong_code)}</p>' if was_wrong else ""
    code = (
        f'<label for="otp">{escape(words.code)}</label><input id="otp" name="otp" required autofocus'
        ' autocomplete="one-time-code" spellcheck="false" maxlength="64">'
        if asks_code
        else ""
    )
    title = escape(words.asks[kind])
    html = (
        f'<!doctype html><html lang="{escape(locale)}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f'<style>{_STYLE}</style></head><body><h1>{title}</h1>{wrong}<form method="post" action="verify">{fields}'
        f'{code}<button type="submit">{escape(words.does[kind])}</button></form>'
        f'<p class="small">{escape(words.ignore)}</p></body></html>'
    )
    return Page(html, headers=_HEADERS)
