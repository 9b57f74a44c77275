"""A letter as subject, HTML and plain text, in the words of its templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from auth_engine.core.settings import Settings
from auth_engine.mail.letters import Letter, Template
from auth_engine.mail.library import OURS, Library, library_of, one_line
from auth_engine.mail.plain import plain_text

_SENTENCES: Final = "sentences.txt"
_OTHERWISE: Final = "otherwise"


@dataclass(frozen=True, slots=True)
class Written:
    """A mail's words. They hold live tickets."""

    subject: str = field(repr=False)
    html: str = field(repr=False)
    text: str = field(repr=False)


class Renderer:
    """Writes letters."""

    def __init__(self, library: Library, settings: Settings) -> None:
        self._library = library
        self._server_url = settings.server_url or ""
        self._client_url = settings.client_url or ""

    @classmethod
    def of(cls, settings: Settings) -> Renderer:
        return cls(library_of(settings), settings)

    def write(self, letter: Letter) -> Written:
        """Raises NoTemplate."""
        values = self.values(letter)
        body = self._library.render(letter.locale, letter.template, "body.html", values)
        subject = self._library.render(letter.locale, letter.template, "subject.txt", values, beside=body.place)
        text = self._library.render_at(body.place, letter.template, "body.txt", values)
        return Written(one_line(subject.text).strip(), body.text, plain_text(body.text) if text is None else text)

    def values(self, letter: Letter) -> Mapping[str, str]:
        """The variables of templates: those of Hasura Auth (auth contract §4), and for notices `event` and
        `sentence`."""
        values = {
            "link": letter.link,
            "displayName": letter.display_name,
            "email": letter.email,
            "newEmail": letter.new_email,
            "ticket": letter.ticket,
            "redirectTo": letter.redirect_to,
            "locale": letter.locale,
            "serverUrl": self._server_url,
            "clientUrl": self._client_url,
        }
        if letter.template == Template.NOTICE.value:
            values |= {"event": letter.subject, "sentence": self._sentence(letter)}
        return values

    def _sentence(self, letter: Letter) -> str:
        """The operator's words, else ours: a folder may have a few events alone."""
        for library in (self._library, Library((OURS,), letter.locale)):
            source = library.render(letter.locale, letter.template, _SENTENCES, {}).text
            sentences = dict(_pair(line) for line in source.splitlines() if ":" in line)
            if letter.subject in sentences:
                return sentences[letter.subject]
        return sentences[_OTHERWISE]


def _pair(line: str) -> tuple[str, str]:
    event, _, sentence = line.partition(":")
    return event.strip(), sentence.strip()
