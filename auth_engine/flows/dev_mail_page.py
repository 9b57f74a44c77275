"""The pages of the development's mail box. Whatever comes from a mail is escaped, or shown inside a sandbox."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from auth_engine.mail.box import BoxedMail

_STYLE: Final = """
body { font: 15px/1.5 sans-serif; color: #1f2328; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #d1d9e0; vertical-align: top }
iframe { width: 100%; height: 28rem; border: 1px solid #d1d9e0; border-radius: 6px }
code, pre { overflow-wrap: anywhere; white-space: pre-wrap }
small { color: #59636e }
"""
_NOTHING: Final = "<p>No mail yet. What the engine sends is shown here.</p>"


def list_page(mails: Iterable[BoxedMail]) -> str:
    """All mails, a line each."""
    rows = "".join(_row(mail) for mail in mails)
    head = "<tr><th>When (UTC)</th><th>To</th><th>Subject</th><th>Link or code</th></tr>"
    return _page("Mails", f"<table>{head}{rows}</table>" if rows else _NOTHING)


def mail_page(mail: BoxedMail) -> str:
    """One mail: its headers, its HTML in a sandbox without scripts, and its plain text."""
    facts = {
        "From": escape(mail.sender),
        "To": escape(mail.to),
        "When": _time(mail),
        "Template": f"{escape(mail.template)} ({escape(mail.locale)})",
        "Link": _link(mail.link),
        "Ticket": f"<code>{escape(mail.ticket)}</code>",
    }
    table = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in facts.items())
    # Links of the mail open outside of the frame, which has no origin and runs nothing.
    framed = escape(f'<base target="_blank">{mail.html}')
    sandbox = "allow-popups allow-popups-to-escape-sandbox"
    frame = f'<iframe sandbox="{sandbox}" title="The mail" srcdoc="{framed}"></iframe>'
    body = f'<p><a href="../mail">All mails</a></p><table>{table}</table>{frame}<pre>{escape(mail.text)}</pre>'
    return _page(mail.subject, body)


def _row(mail: BoxedMail) -> str:
    subject = f'<a href="mail/{escape(mail.id)}">{escape(mail.subject) or "(no subject)"}</a>'
    what = _link(mail.link) if mail.link else f"<code>{escape(mail.ticket)}</code>"
    return f"<tr><td>{_time(mail)}</td><td>{escape(mail.to)}</td><td>{subject}</td><td>{what}</td></tr>"


def _link(link: str) -> str:
    if not link.startswith(("http://", "https://")):
        return f"<code>{escape(link)}</code>"
    return f'<a href="{escape(link)}" target="_blank" rel="noreferrer"><code>{escape(link)}</code></a>'


def _time(mail: BoxedMail) -> str:
    return f"<small>{mail.at:%Y-%m-%d %H:%M:%S}</small>"


def _page(title: str, body: str) -> str:
    name = escape(title)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{name}</title><style>{_STYLE}</style>'
        f"</head><body><h1>{name}</h1>{body}</body></html>"
    )
