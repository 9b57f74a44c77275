"""The blocks of a page as examples to run. A block that nothing here claims is an error: none is skipped.

graphql                 a question; `json variables` may follow; `json` with the exact answer must
                        as ROLE [NUMBER] [name=value …]   who asks (default: user 1; the number is a demo user's)
                        with the rules above              by the last yaml of the page instead of permissions.yaml
graphql schema          definitions that stand so in the role's schema (as ROLE)
yaml                    a whole permissions.yaml, or with `at a > b > c` a part put into the shipped one; it must
                        fit schema.sql. With `faults`, a text block with exactly its faults follows
http                    a request; an http block with the exact answer must follow. Below auth/: one after the other to
                        both engines, with names for what answers say (stories.py); there are also
                        called                            what the address of AUTH_WEBHOOK_URL was sent
text, mailed            a mail that lies in the box by now: a line `Name: value` for each part that matters
text, logged            a line of the log
json token              what the access token that the page named last says
any, settings A=b …     settings that the page does not show; they hold from this block on
                        from ADDRESS                      where the request comes from (default: this machine)
json payload            what the token of the requests below holds: `<token>` in a header stands for it
json jwt-secret         HASURA_GRAPHQL_JWT_SECRET for the requests below
sh                      commands that exist with these options; `export`, `unset` set the requests' settings
                        run                               runs it; its output may follow as text, `…` for any lines
                        exits CODE                        when it is not 0
any, file NAME          the content of a file that a command below reads
any, written NAME       what the command above wrote there
yaml, workflow          steps for a CI; its commands are looked at as in sh
json, excerpt           JSON that is only shown
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from docs.pages import ROOT, Block
from ruamel.yaml import YAML

PROSE = frozenset({"", "text", "sql", "js"})
"""Languages of blocks that may stand without being run."""
AUTH_PAGES = "auth/"
SHIPPED = (ROOT / "permissions.yaml").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class RulesExample:
    block: Block
    text: str
    faults: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    block: Block
    answer: Block
    role: str
    session: Mapping[str, str]
    rules: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SchemaExcerpt:
    block: Block
    role: str
    rules: str


@dataclass(frozen=True, slots=True)
class Exchange:
    block: Block
    answer: Block
    settings: Mapping[str, str]
    payload: Mapping[str, Any] | None
    rules: str
    client: str


@dataclass(frozen=True, slots=True)
class AuthExchange:
    """One step of a page's story."""

    block: Block
    answer: Block
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sight:
    """What can be seen somewhere at this step of a page's story."""

    block: Block
    where: Literal["mailed", "logged", "called", "token"]
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Commands:
    """Lines to look at."""

    block: Block
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Commands to run in a folder that holds `files`, and whatever the page's earlier commands wrote there."""

    block: Block
    lines: tuple[str, ...]
    files: Mapping[str, str]
    output: Block | None
    exit_code: int
    written: list[tuple[str, Block]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Settled:
    """A block that only sets the scene, or was checked while it was read."""

    block: Block


Example = RulesExample | Question | SchemaExcerpt | Exchange | AuthExchange | Sight | Commands | Run | Settled


class Story:
    """Walks a page from top to bottom; what is set stays set for the rest of the page."""

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = blocks
        self._next = 0
        self._rules: str | None = None
        self._settings: dict[str, str] = {}
        self._payload: Mapping[str, Any] | None = None
        self._files: dict[str, str] = {}
        self._last_run: Run | None = None

    def examples(self) -> Iterator[Example]:
        """Every example of the page. Raises BadPage for a block that nothing would run."""
        while self._next < len(self._blocks):
            block = self._take()
            found = self._example(block)
            if found is not None:
                yield found

    def _example(self, block: Block) -> Example | None:
        if "settings" in block.notes:
            self._set(["export", *shlex.split(block.notes["settings"])])
        if "file" in block.notes:
            return self._file(block)
        if "written" in block.notes:
            return self._written(block)
        if "mailed" in block.notes or "logged" in block.notes:
            return self._text(block)
        claim = self._claims.get(" ".join(block.info))
        if claim is not None:
            return claim(self, block)
        if block.language in PROSE:
            return None
        raise block.bad(f"no test runs a block of {' '.join(block.info)!r}")

    # ------------------------------------------------------------ blocks that follow others

    def _take(self) -> Block:
        block = self._blocks[self._next]
        self._next += 1
        return block

    def _follows(
        self, info: str, *, unless: tuple[str, ...] = ("file", "written", "excerpt", "called")
    ) -> Block | None:
        """The next block when it is of that kind; it belongs to the one before."""
        if self._next == len(self._blocks):
            return None
        block = self._blocks[self._next]
        if " ".join(block.info) != info or any(note in block.notes for note in unless):
            return None
        return self._take()

    def _must_follow(self, block: Block, info: str) -> Block:
        found = self._follows(info)
        if found is None:
            raise block.bad(f"the answer is missing: a block of {info} must follow")
        return found

    @staticmethod
    def _only(block: Block, *notes: str) -> None:
        for note in block.notes:
            if note not in notes:
                raise block.bad(f"the note {note!r} means nothing for {' '.join(block.info)!r}")

    # ------------------------------------------------------------ kinds of blocks

    def _question(self, block: Block) -> Question:
        self._only(block, "as", "with")
        role, session = _caller(block)
        sent = self._follows("json variables")
        variables = json.loads(sent.text) if sent else {}
        return Question(block, self._must_follow(block, "json"), role, session, self._chosen(block), variables)

    def _schema(self, block: Block) -> SchemaExcerpt:
        self._only(block, "as", "with")
        return SchemaExcerpt(block, _caller(block)[0], self._chosen(block))

    def _chosen(self, block: Block) -> str:
        """The rules that apply."""
        if "with" not in block.notes:
            return SHIPPED
        if block.notes["with"] != "the rules above" or self._rules is None:
            raise block.bad("with the rules above: there are none")
        return self._rules

    def _yaml(self, block: Block) -> Example:
        if "workflow" in block.notes:
            return Commands(block, tuple(_workflow_lines(block)))
        self._only(block, "at", "faults")
        text = _put(block, block.notes["at"]) if "at" in block.notes else block.text
        if "faults" in block.notes:
            return RulesExample(block, text, self._must_follow(block, "text").text)
        self._rules = text
        return RulesExample(block, text)

    def _http(self, block: Block) -> Exchange | AuthExchange | Sight:
        if block.page.startswith(AUTH_PAGES):
            self._only(block, "called", "settings")
            if "called" in block.notes:
                return Sight(block, "called", dict(self._settings))
            return AuthExchange(block, self._must_follow(block, "http"), dict(self._settings))
        self._only(block, "from", "with")
        client = block.notes.get("from", "127.0.0.1")
        answer = self._must_follow(block, "http")
        return Exchange(block, answer, dict(self._settings), self._payload, self._chosen(block), client)

    def _text(self, block: Block) -> Sight:
        if block.info != ("text",) or not block.page.startswith(AUTH_PAGES):
            raise block.bad("only a text of docs/auth can be mailed or logged")
        self._only(block, "mailed", "logged", "settings")
        return Sight(block, "mailed" if "mailed" in block.notes else "logged", dict(self._settings))

    def _json_token(self, block: Block) -> Sight:
        self._only(block)
        json.loads(block.text)
        return Sight(block, "token", dict(self._settings))

    def _json_payload(self, block: Block) -> Settled:
        self._only(block)
        self._payload = json.loads(block.text)
        return Settled(block)

    def _json_secret(self, block: Block) -> Settled:
        self._only(block)
        json.loads(block.text)
        self._settings["HASURA_GRAPHQL_JWT_SECRET"] = block.text
        return Settled(block)

    def _json(self, block: Block) -> Settled:
        if "excerpt" not in block.notes:
            raise block.bad("an answer without a question")
        json.loads(block.text)
        return Settled(block)

    def _sh(self, block: Block) -> Example:
        self._only(block, "run", "exits")
        lines = tuple(_joined_lines(block.text))
        if "run" in block.notes:
            code = int(block.notes.get("exits", "0"))
            self._last_run = Run(block, lines, dict(self._files), self._follows("text"), code)
            return self._last_run
        for line in lines:
            self._set(shlex.split(line, comments=True))
        return Commands(block, lines)

    def _set(self, words: list[str]) -> None:
        match words:
            case ["export", *assignments]:
                self._settings |= dict(assignment.split("=", 1) for assignment in assignments)
            case ["unset", *names]:
                for name in names:
                    self._settings.pop(name, None)

    def _file(self, block: Block) -> Settled:
        self._only(block, "file")
        self._files[block.notes["file"]] = block.text
        return Settled(block)

    def _written(self, block: Block) -> Settled:
        self._only(block, "written")
        if self._last_run is None:
            raise block.bad("nothing above writes this file")
        self._last_run.written.append((block.notes["written"], block))
        if block.language == "yaml":
            self._rules = block.text
        return Settled(block)

    _claims: Mapping[str, Callable[[Story, Block], Example]] = MappingProxyType(
        {
            "graphql": _question,
            "graphql schema": _schema,
            "yaml": _yaml,
            "http": _http,
            "json payload": _json_payload,
            "json token": _json_token,
            "json jwt-secret": _json_secret,
            "json": _json,
            "sh": _sh,
        }
    )


def _caller(block: Block) -> tuple[str, dict[str, str]]:
    role, *words = block.notes.get("as", "user 1").split()
    session: dict[str, str] = {}
    for word in words:
        if word.isdigit():
            session["x-hasura-user-id"] = f"00000000-0000-4000-8000-{int(word):012}"
        elif "=" in word:
            name, value = word.split("=", 1)
            session[name] = value
        else:
            raise block.bad(f"{word!r} says nothing about who asks")
    return role, session


def _put(block: Block, path: str) -> str:
    """The shipped rules with the block in place of what stands at the path."""
    yaml = YAML(typ="safe", pure=True)
    whole = yaml.load(SHIPPED)
    *steps, last = (step.strip() for step in path.split(">"))
    here = whole
    for step in steps:
        if step not in here:
            raise block.bad(f"permissions.yaml has no {step!r} at {path}")
        here = here[step]
    here[last] = yaml.load(block.text)
    return json.dumps(whole)


def _joined_lines(text: str) -> Iterator[str]:
    """Commands, one each, without comments and blank lines; a backslash at its end continues a line."""
    for line in text.replace("\\\n", " ").split("\n"):
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def _workflow_lines(block: Block) -> Iterator[str]:
    def runs(value: Any) -> Iterator[str]:
        match value:
            case dict():
                for key, below in value.items():
                    yield from _joined_lines(below) if key == "run" else runs(below)
            case list():
                for item in value:
                    yield from runs(item)

    found = list(runs(YAML(typ="safe", pure=True).load(block.text)))
    if not found:
        raise block.bad("this workflow runs nothing")
    return iter(found)
