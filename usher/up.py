"""`usher up`: a whole installation in one folder: its own Postgres, its secrets, rows to play with, sign-in."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gql_gen.rules.load import load_rules
from usher.auth import AUTH_MOUNT, MAIL_BOX, read_auth_settings
from usher.keys import Keys, keys_of, sign_ticket, with_keys
from usher.postgres import MARK, MARK_TEXT, EmbeddedPostgres
from usher.serve import Service, bind, serve
from usher.settings import Settings, ensure_coherent, environment_of_process, is_loopback

if TYPE_CHECKING:
    from auth_engine.core.settings import Settings as AuthSettings

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
    auth: bool


@dataclass(frozen=True, slots=True)
class Greeting:
    """What is printed when the door is open."""

    address: str
    admin_secret: str
    ticket: str | None
    data_dir: Path
    has_demo: bool
    auth_path: str | None
    has_mail_box: bool

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
            *([f"Auth     {self.address}{self.auth_path}"] if self.auth_path else []),
            *([f"Mails    {self.address}{self.auth_path}{MAIL_BOX}"] if self.has_mail_box else []),
            f"Data     {self.data_dir}",
        )
        return (*where, *as_user, *as_admin, "", "Ctrl-C stops it.")


DEMO_QUERY: Final = f'{{ user(id: "{DEMO_USER}") {{ displayName email members {{ role org {{ name }} }} }} }}'


def up(wishes: Wishes, settings: Settings, say: Say) -> None:
    """Start, serve until a signal says stop, and leave nothing running, whatever happens on the way."""
    load_rules(wishes.permissions)  # a slip in the file is said before anything is started
    listener = bind(wishes.host, wishes.port)
    with listener, _database(wishes, say) as (url, has_demo):
        keys = keys_of(wishes.data_dir)
        settings = with_keys(settings, keys)
        ensure_coherent(settings, wishes.host)
        port = listener.getsockname()[1]
        auth = _auth_settings(wishes, settings, keys, port, say) if wishes.auth else None
        ticket = sign_ticket(settings, DEMO_USER, DEMO_ROLES) if has_demo else None
        assert settings.admin_secret is not None
        greeting = Greeting(
            address=f"http://{_shown(wishes.host)}:{port}",
            admin_secret=settings.admin_secret,
            ticket=ticket,
            data_dir=wishes.data_dir.absolute(),
            has_demo=has_demo,
            auth_path=None if auth is None else f"{AUTH_MOUNT}{auth.api_prefix}",
            has_mail_box=auth is not None and auth.mail_box,
        )
        service = Service(settings, url, wishes.permissions, auth=auth)
        serve(service, listener, on_ready=lambda: say("\n".join(greeting.lines())))
        say("\nStopped.")


def _auth_settings(wishes: Wishes, settings: Settings, keys: Keys, port: int, say: Say) -> AuthSettings | None:
    """The auth engine's settings: the environment's, before what suits this machine. None when the keys in use can only
    check tokens."""
    from auth_engine.core.errors import BadSetting
    from auth_engine.tokens.secret import read_keys

    given = {name: value for name, value in environment_of_process().items() if value.strip()}
    address = f"http://localhost:{port}"
    defaults = {
        "AUTH_SERVER_URL": f"{address}{AUTH_MOUNT}{given.get('AUTH_API_PREFIX', '').strip()}",
        "AUTH_CLIENT_URL": f"{address}/console",
        "AUTH_ENCRYPTION_KEYS": keys.encryption_key,
    }
    if "AUTH_SMTP_HOST" not in given and is_loopback(wishes.host):
        # Whoever reads the mail box can sign in as anybody: only for this machine.
        defaults["AUTH_DEV_MAIL_BOX"] = "true"
    secrets = {"HASURA_GRAPHQL_ADMIN_SECRET": settings.admin_secret, "HASURA_GRAPHQL_JWT_SECRET": settings.jwt_secret}
    found = read_auth_settings({**defaults, **given, **{name: text for name, text in secrets.items() if text}}, say)
    try:
        read_keys(found.jwt_secret, found.jwt_secrets)
    except BadSetting as fault:
        say(f"Note: the auth engine is not served. {fault}.")
        return None
    return found


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
