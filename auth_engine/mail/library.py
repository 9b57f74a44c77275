"""The folders of templates: `<folder>/<locale>/<template>/<file>`, the operator's before ours.

A file is a `${variable}` template, as Hasura Auth has them, or Jinja2 where its name ends in `.j2`. What is missing in
the user's locale is taken from the default locale, and what the operator's folder lacks, or what is broken there, from
ours: a mail is always sent.
"""

from __future__ import annotations

import html
import logging
import os.path
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auth_engine.core.settings import Settings

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

logger = logging.getLogger(__name__)

OURS: Final = Path(__file__).parent / "templates"
USUAL: Final = (Path("/app/email-templates"), Path("email-templates"), Path("share/email-templates"))
"""Where templates are looked for while AUTH_EMAIL_TEMPLATES_PATH is unset (auth contract §6)."""
LAST_LOCALE: Final = "en"
_LOCALE: Final = re.compile(r"[A-Za-z]{2}\Z")
_SLOT: Final = re.compile(r"\$\{([^{}]*)\}")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_JINJA: Final = ".j2"


class NoTemplate(Exception):
    """No folder holds a template that can be rendered."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of templates in one language."""

    folder: Path
    locale: str

    def file(self, template: str, name: str) -> Path | None:
        """The file, or its Jinja2 form; None when neither is there."""
        plain = self.folder / self.locale / template / name
        forms = (plain.with_name(name + _JINJA), plain)
        return next((form for form in forms if os.path.isfile(form)), None)  # False too where it may not be read


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text, and where its template was found."""

    text: str
    place: Place


class Library:
    """Finds and renders templates."""

    def __init__(self, folders: Sequence[Path], default_locale: str) -> None:
        self._folders = tuple(folders)
        self._default = default_locale
        self._broken: set[Path] = set()

    def render(
        self, locale: str, template: str, name: str, values: Mapping[str, str], *, beside: Place | None = None
    ) -> Rendered:
        """The file `name` of a template, filled in with values whose line ends and other control characters are
        removed. With `beside`, what stands in that place, or in its language, goes first. Raises NoTemplate."""
        for place in self._places(locale, beside):
            path = place.file(template, name)
            text = None if path is None else self._rendered(place, path, values)
            if text is not None:
                return Rendered(text, place)
        raise NoTemplate(f"there is no template {template}/{name}")

    def render_at(self, place: Place, template: str, name: str, values: Mapping[str, str]) -> str | None:
        """The same from this place alone; None when it is not there or broken."""
        path = place.file(template, name)
        return None if path is None else self._rendered(place, path, values)

    def _places(self, locale: str, beside: Place | None) -> Iterator[Place]:
        if beside is not None:
            yield beside
            yield from (Place(folder, beside.locale) for folder in self._folders)
        wanted = locale.lower() if _LOCALE.match(locale) else self._default
        for folder in self._folders:
            for each in dict.fromkeys((wanted, self._default)):
                yield Place(folder, each)
        yield Place(OURS, LAST_LOCALE)

    def _rendered(self, place: Place, path: Path, values: Mapping[str, str]) -> str | None:
        clean = {name: one_line(value) for name, value in values.items()}
        try:
            if path.suffix == _JINJA:
                return _jinja(place.folder).get_template(path.relative_to(place.folder).as_posix()).render(clean)
            return fill(_read(path), clean, is_html=path.suffix == ".html")
        except Exception as error:  # whatever an operator's file does, the next one in the order is taken
            if path not in self._broken:
                self._broken.add(path)
                logger.error("the template %s is broken and not used: %s", path, type(error).__name__)
            return None


def fill(source: str, values: Mapping[str, str], *, is_html: bool) -> str:
    """`${name}` replaced by its value, by nothing where nobody knows the name; escaped in HTML."""

    def value(slot: re.Match[str]) -> str:
        text = values.get(slot[1].strip(), "")
        return html.escape(text) if is_html else text

    return _SLOT.sub(value, source)


def one_line(text: str) -> str:
    """Without line ends and other control characters."""
    return _CONTROLS.sub("", text)


def library_of(settings: Settings) -> Library:
    """The operator's folder before ours. Says what is missing, and never stops a start."""
    own = _own_folder(settings)
    folders = (OURS,) if own is None else (own, OURS)
    for locale in dict.fromkeys((settings.locale_default, *settings.locale_allowed)):
        if not any((folder / locale).is_dir() for folder in folders):
            logger.warning("there are no mail templates in %s: mails in it fall back to another language", locale)
    return Library(folders, settings.locale_default)


def _own_folder(settings: Settings) -> Path | None:
    if settings.email_templates_path is None:
        return next((folder for folder in USUAL if folder.is_dir()), None)
    folder = Path(settings.email_templates_path)
    if folder.is_dir():
        return folder
    logger.warning("AUTH_EMAIL_TEMPLATES_PATH is no folder: mails have the texts that come with the engine")
    return None


@lru_cache(maxsize=512)
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


@lru_cache(maxsize=8)
def _jinja(folder: Path) -> SandboxedEnvironment:
    from jinja2 import ChainableUndefined, FileSystemLoader
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=lambda name: name is not None and name.removesuffix(_JINJA).endswith(".html"),
        undefined=ChainableUndefined,
    )
