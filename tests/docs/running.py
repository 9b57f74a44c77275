"""Runs the examples of the pages, on the example's own database."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import click
import httpx
import jwt
from click.testing import CliRunner
from docs.examples import Exchange, Question, Run
from docs.pages import ROOT, Block

from auth_engine.core.settings import warnings as auth_warnings
from gql_gen.ask import DocumentAsk, Guard
from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.rules.load import parse_rules
from gql_gen.session import Caller
from usher.app import build_front_door, engine_settings
from usher.auth_cli import main as auth_main
from usher.cli import main
from usher.settings import Settings, ensure_coherent, read_settings, unknown_names

DEFAULTS = Settings()
ADDRESS = "http://localhost:8080"
UNDONE = Guard(dry_run=True)
"""So that a page's mutations find the database as the example ships it, whatever ran before."""
OTHER_PROGRAMS = frozenset({"curl", "openssl", "python", "export", "unset", "git", "pip", "psql", "npm", "npx"})


class Desk:
    """Engines over one database, one for each text of rules and each set of limits."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engines: dict[tuple[str, EngineSettings], Engine] = {}

    async def engine(self, rules: str, settings: Settings = DEFAULTS) -> Engine:
        """Raises RulesError when the rules have faults, or do not fit the database."""
        wanted = replace(engine_settings(settings, self._url), pool_size=2)
        if (rules, wanted) not in self._engines:
            parsed = parse_rules(rules, "permissions.yaml")
            self._engines[rules, wanted] = await Engine.open(wanted, parsed, strict=True)
        return self._engines[rules, wanted]

    async def close(self) -> None:
        for engine in self._engines.values():
            await engine.close()


def as_text(body: str | bytes) -> str:
    """JSON laid out, its keys in their order and its numbers digit by digit: equal texts are equal answers."""
    return json.dumps(json.loads(body, parse_float=Decimal), indent=1, default=str, ensure_ascii=False)


async def asked(question: Question, desk: Desk) -> str:
    """The answer; asked twice, since the second comes from the cache. Nothing stays changed."""
    engine = await desk.engine(question.rules)
    ask = DocumentAsk(question.block.text, None, question.variables, guard=UNDONE)
    caller = Caller(question.role, question.session)
    first, second = [as_text((await engine.answer(ask, caller)).body) for _ in range(2)]
    assert first == second, f"{question.block.place}: the cache answers otherwise"
    return first


# ---------------------------------------------------------------- http


async def exchanged(exchange: Exchange, desk: Desk) -> tuple[int, httpx.Headers, str]:
    """Status, headers and body of the answer, from the app as it is served under the page's settings."""
    assert not unknown_names(exchange.settings), unknown_names(exchange.settings)
    settings = read_settings(exchange.settings)
    ensure_coherent(settings, "127.0.0.1")
    app = build_front_door(await desk.engine(exchange.rules, settings), settings)
    transport = httpx.ASGITransport(app, client=(exchange.client, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        response = await client.send(_request(exchange, client))
    return response.status_code, response.headers, response.text


def _request(exchange: Exchange, client: httpx.AsyncClient) -> httpx.Request:
    first, headers, body = parts(exchange.block)
    method, target, _ = first.split(" ")
    sent = {name: _with_token(value, exchange) for name, value in headers}
    return client.build_request(method, target, headers=sent, content=body.encode() or None)


def _with_token(value: str, exchange: Exchange) -> str:
    if "<token>" not in value:
        return value
    assert exchange.payload is not None, f"{exchange.block.place}: no payload above"
    secret = json.loads(exchange.settings["HASURA_GRAPHQL_JWT_SECRET"])
    return value.replace("<token>", jwt.encode(dict(exchange.payload), secret["key"], algorithm=secret["type"]))


def parts(block: Block) -> tuple[str, list[tuple[str, str]], str]:
    """First line, headers and body of a message."""
    head, _, body = block.text.partition("\n\n")
    first, *lines = head.strip("\n").split("\n")
    headers = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return first, headers, body.strip("\n")


def assert_answered(exchange: Exchange, status: int, headers: Mapping[str, str], body: str) -> None:
    """Status and body are those of the page, and so are the headers it names. `x-name: -` is an absent header, `…` a
    body that is too long to show."""
    first, wanted, text = parts(exchange.answer)
    said = {name: headers.get(name, "-") for name, _ in wanted}
    assert (first.split(" ")[1], said) == (str(status), dict(wanted)), body
    if text == "…":
        return
    is_json = "json" in headers.get("content-type", "")
    assert (as_text(body) if is_json else body) == (as_text(text) if is_json and text else text)


# ---------------------------------------------------------------- commands


def assert_exists(line: str) -> None:
    """The command is one of ours with options it has, or another program's; a line of assignments names settings."""
    words_of_line = shlex.split(line, comments=True)
    for words in _commands(words_of_line):
        if not words:
            _assert_settings(words_of_line)
            continue
        program, *arguments = words
        match program.rsplit("/", 1)[-1]:
            case "usher":
                _assert_ours(main, arguments)
            case "auth-engine":
                _assert_ours(auth_main, arguments)
            case "make":
                _assert_target(arguments)
            case name:
                assert name in OTHER_PROGRAMS, f"is {name} a program?"


def _commands(words: list[str]) -> list[list[str]]:
    """The commands of a line, without the settings in front and without what follows a redirection."""
    found: list[list[str]] = [[]]
    for word in words:
        if word in ("&&", "|", ";", "||"):
            found.append([])
        elif found[-1] or not re.fullmatch(r"[A-Z_]+=.*", word, re.DOTALL):
            found[-1].append(word)
    return [command[: command.index(">")] if ">" in command else command for command in found]


def _assert_settings(assignments: list[str]) -> None:
    given = dict(assignment.split("=", 1) for assignment in assignments)
    assert (*unknown_names(given), *auth_warnings(given)) == (), assignments


def _assert_ours(group: click.Group, arguments: list[str]) -> None:
    if arguments[0].startswith("-"):
        command: click.Command = group
    else:
        command = group.commands[arguments[0]]
        arguments = arguments[1:]
    if "--help" not in arguments:
        with click.Context(command) as context:
            command.make_parser(context).parse_args(arguments)


def _assert_target(arguments: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for word in arguments:
        assert "=" in word or re.search(rf"^{word}:", makefile, re.MULTILINE), f"make has no target {word}"


def ran(run: Run, folder: Path) -> None:
    """Runs the commands in the folder, which is the current one; output, exit code and written files are the page's."""
    for name, text in run.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    output, code = "", 0
    for line in run.lines:
        program, *arguments = shlex.split(line, comments=True)
        assert program == "usher", f"{run.block.place}: only usher is run"
        result = CliRunner().invoke(main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        output, code = output + result.output, result.exit_code or code
    assert code == run.exit_code, output
    if run.output is not None:
        assert re.fullmatch(_pattern(run.output.text), output, re.DOTALL), output
    for name, block in run.written:
        assert (folder / name).read_text(encoding="utf-8") == block.text, block.place


def _pattern(text: str) -> str:
    """A line `…` stands for any lines."""
    return "".join(".*" if line == "…\n" else re.escape(line) for line in text.splitlines(keepends=True))
