"""`usher up`: a whole installation in one folder: its own Postgres, its secrets, rows to play with."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gql_gen.rules.load import load_rules
from usher.keys import keys_of, sign_ticket, with_keys
from usher.postgres import MARK, MARK_TEXT, EmbeddedPostgres
from usher.serve import Service, bind, serve
from usher.settings import Settings, ensure_coherent

DATABASE: Final = "usher"
MAKING: Final = "usher_making"
STATE_FILE: Final = "state.json"
DEMO_USER: Final = "00000000-0000-4000-8000-000000000001"
DEMO_ROLES: Final = ("user", "manager")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asked for. `demo` is the script of rows to play with, or None."""

    host: str
    port: int
    data_dir: Path
    schema: Path
    permissions: Path
    demo: Path | None
    database_url: str | None


@dataclass(frozen=True, slots=True)
class Greeting:
    """What is printed when the door is open."""

    address: str
    admin_secret: str
    ticket: str | None
    data_dir: Path
    has_demo: bool

    def lines(self) -> tuple[str, ...]:
        ask = DEMO_QUERY if self.has_demo else "{ __typename }"
        as_user = (
            ("", "Ask as user:", "", _curl(self.address, f"Authorization: Bearer {self.ticket}", ask))
            if self.ticket
            else ()
        )
        as_admin = ("", "Ask as admin:", "", _curl(self.address, f"X-Hasura-Admin-Secret: {self.admin_secret}", ask))
        where = (
            "",
            f"Console  {self.address}/console/",
            f"GraphQL  {self.address}/v1/graphql",
            f"Data     {self.data_dir}",
        )
        return (*where, *as_user, *as_admin, "", "Ctrl-C stops it.")


DEMO_QUERY: Final = f'{{ user(id: "{DEMO_USER}") {{ displayName email members {{ role org {{ name }} }} }} }}'


def up(wishes: Wishes, settings: Settings, say: Say) -> None:
    """Start, serve until a signal says stop, and leave nothing running, whatever happens on the way."""
    load_rules(wishes.permissions)  # a slip in the file is said before anything is started
    listener = bind(wishes.host, wishes.port)
    with listener, _database(wishes, say) as (url, has_demo):
        settings = with_keys(settings, keys_of(wishes.data_dir))
        ensure_coherent(settings, wishes.host)
        ticket = sign_ticket(settings, DEMO_USER, DEMO_ROLES) if has_demo else None
        assert settings.admin_secret is not None
        address = f"http://{_shown(wishes.host)}:{listener.getsockname()[1]}"
        greeting = Greeting(address, settings.admin_secret, ticket, wishes.data_dir.absolute(), has_demo)
        service = Service(settings, url, wishes.permissions)
        serve(service, listener, on_ready=lambda: say("\n".join(greeting.lines())))
        say("\nStopped.")


def demo_script(schema: Path, wanted: bool | None) -> Path | None:
    """The script of rows to play with: demo.sql beside the schema, when it is there or was asked for."""
    script = schema.with_name("demo.sql")
    return script if wanted or (wanted is None and script.is_file()) else None


@contextmanager
def _database(wishes: Wishes, say: Say) -> Iterator[tuple[str, bool]]:
    """The address of the database to serve, and whether the demo's rows are in it."""
    if wishes.database_url is not None:
        _claim_folder(wishes.data_dir)
        yield wishes.database_url, False
        return
    say("Starting Postgres …")
    with EmbeddedPostgres.start(wishes.data_dir) as server:
        if DATABASE in server.databases():
            _mention_drift(wishes, say)
        else:
            say(f"Applying {wishes.schema}{f' and {wishes.demo}' if wishes.demo else ''} …")
            _fill(server, wishes)
        yield server.url(DATABASE), _state(wishes.data_dir).get("demo") is True


def _fill(server: EmbeddedPostgres, wishes: Wishes) -> None:
    """Make the database aside and name it when it is complete, so that an interrupted start begins anew."""
    server.drop_database(MAKING)
    server.create_database(MAKING)
    server.apply(MAKING, wishes.schema)
    if wishes.demo is not None:
        server.apply(MAKING, wishes.demo)
    state = {"schema": _fingerprint(wishes.schema), "demo": wishes.demo is not None}
    (wishes.data_dir / STATE_FILE).write_text(json.dumps(state))
    server.create_database(DATABASE, template=MAKING)
    server.drop_database(MAKING)


def _mention_drift(wishes: Wishes, say: Say) -> None:
    known = _state(wishes.data_dir).get("schema")
    if wishes.schema.is_file() and known != _fingerprint(wishes.schema):
        say(
            f"Note: {wishes.schema} is not what {wishes.data_dir} was made from. The data is kept as it is; "
            f"to begin anew, stop usher and remove {wishes.data_dir}."
        )


def _fingerprint(script: Path) -> str:
    return hashlib.sha256(script.read_bytes()).hexdigest()


def _state(data_dir: Path) -> dict[str, object]:
    try:
        state = json.loads((data_dir / STATE_FILE).read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _claim_folder(data_dir: Path) -> None:
    """A folder for secrets alone, marked as ours so that a server may move in later."""
    if not data_dir.exists():
        data_dir.mkdir(mode=0o700, parents=True)
        (data_dir / MARK).write_text(MARK_TEXT)


def _curl(address: str, header: str, query: str) -> str:
    body = shlex.quote(json.dumps({"query": query}))
    return f"curl -s {address}/v1/graphql -H {shlex.quote(header)} -H 'Content-Type: application/json' -d {body}"


def _shown(host: str) -> str:
    name = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    return f"[{name}]" if ":" in name else name
