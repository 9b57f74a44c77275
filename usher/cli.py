"""The command `usher`: what can be typed. Each command hands over to the module that does the work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from usher import __version__
from usher.commands import CONTEXT, DEFAULT_HOST, HOST, WORKERS, Commands, warn_as
from usher.failures import StartRefused

if TYPE_CHECKING:
    from usher.settings import Settings

SCHEMA = click.option(
    "--schema", type=click.Path(path_type=Path), default=Path("schema.sql"), show_default=True, help="The database."
)
PERMISSIONS = click.option(
    "--permissions",
    type=click.Path(path_type=Path),
    default=Path("permissions.yaml"),
    show_default=True,
    help="Who may do what.",
)
PORT = click.option("--port", type=click.IntRange(0, 65_535), help="[default: 8080; 0 takes any free port]")
OUT = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("generated"),
    show_default=True,
    help="The folder of schemas, one file per role.",
)
DEFAULT_PORT = 8080


@click.group("usher", cls=Commands, context_settings=CONTEXT)
@click.version_option(__version__, message="usher %(version)s")
def main() -> None:
    """A GraphQL API over your Postgres: each role sees only its rows."""


@main.command()
@HOST
@PORT
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".usher"),
    show_default=True,
    help="Where the embedded Postgres and the secrets live.",
)
@click.option("--database-url", help="Serve this database and start none; nothing is changed in it without --auth.")
@SCHEMA
@PERMISSIONS
@click.option(
    "--demo/--no-demo", default=None, help="Rows to play with.  [default: demo.sql beside the schema, if any]"
)
@click.option(
    "--auth/--no-auth",
    default=None,
    help="The auth engine at /v1/auth.  [default: yes, but not on a --database-url, where it would make its schemas]",
)
def up(
    host: str | None,
    port: int | None,
    data_dir: Path,
    database_url: str | None,
    schema: Path,
    permissions: Path,
    demo: bool | None,
    auth: bool | None,
) -> None:
    """Start everything for development: Postgres, the API, sign-up and sign-in, the console."""
    from usher.serve import exit_on_signals
    from usher.up import Wishes, demo_script
    from usher.up import up as start

    exit_on_signals()
    settings = _settings()
    wishes = Wishes(
        host=host or settings.host or DEFAULT_HOST,
        port=_first(port, settings.port),
        data_dir=data_dir,
        schema=schema,
        permissions=permissions,
        demo=demo_script(schema, demo),
        database_url=database_url,
        auth=auth if auth is not None else database_url is None,
    )
    start(wishes, settings, click.echo)


@main.command()
@click.option("--database-url", help="[default: HASURA_GRAPHQL_DATABASE_URL, then DATABASE_URL]")
@PERMISSIONS
@HOST
@PORT
@WORKERS
@click.option("--strict", is_flag=True, help="Do not start when a rule names what the database lacks.")
@click.option("--auth", is_flag=True, help="The auth engine too, at /v1/auth; it makes its own schemas.")
def serve(
    database_url: str | None,
    permissions: Path,
    host: str | None,
    port: int | None,
    workers: int,
    strict: bool,
    auth: bool,
) -> None:
    """Serve an existing database, changing nothing in it but, with --auth, the auth engine's schemas."""
    from usher.auth import read_auth_settings
    from usher.serve import Service, bind, exit_on_signals
    from usher.settings import ensure_coherent, environment_of_process
    from usher.workers import serve_by

    exit_on_signals()
    settings = _settings()
    host = host or settings.host or DEFAULT_HOST
    ensure_coherent(settings, host, with_auth=auth)
    address = database_url or settings.database_url
    if address is None:
        raise StartRefused("which database? Give --database-url, or set HASURA_GRAPHQL_DATABASE_URL")
    service = Service(settings, address, permissions, strict)
    if auth:
        service = replace(service, auth=read_auth_settings(environment_of_process(), _warn))
    with bind(host, _first(port, settings.port)) as listener:
        ready = f"Serving on http://{host}:{listener.getsockname()[1]}/v1/graphql"
        serve_by(workers, service, listener, lambda: click.echo(ready))


@main.command()
@SCHEMA
@PERMISSIONS
@OUT
@click.option("--check", is_flag=True, help="Write nothing; fail, with the difference, when the files are stale.")
@click.option("--relay", is_flag=True, help="The schemas of /v1beta1/relay in place of those of /v1/graphql.")
def generate(schema: Path, permissions: Path, out: Path, check: bool, relay: bool) -> None:
    """Write the GraphQL schema of every role; needs no database."""
    from usher.generate import ensure_current, schemas_of, write

    schemas = schemas_of(schema, permissions, _warn, "relay" if relay else "hasura")
    if check:
        ensure_current(schemas, out)
    else:
        write(schemas, out)
    click.echo(f"{len(schemas)} schemas {'are current' if check else 'written'} in {out}")


@main.command()
@SCHEMA
@PERMISSIONS
@OUT
def check(schema: Path, permissions: Path, out: Path) -> None:
    """Check the rules against the schema, and the generated schemas where there are any."""
    from usher.generate import ensure_current, schemas_of

    schemas = schemas_of(schema, permissions, _warn)
    if out.is_dir():
        ensure_current(schemas, out)
    click.echo(f"{permissions} fits {schema}")


@main.command()
@PERMISSIONS
@click.option("--check", is_flag=True, help="Write nothing; fail when the file is not in canonical order.")
def fmt(permissions: Path, check: bool) -> None:
    """Put permissions.yaml into its canonical order. Comments stay."""
    from usher.fmt import format_file

    was_formatted = format_file(permissions, write=not check)
    if check and not was_formatted:
        raise StartRefused(f"{permissions} is not in canonical order: run `usher fmt`")


@main.command("import-hasura")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
@click.option("--without", multiple=True, metavar="KIND,…", help="Kinds of metadata to leave out on purpose.")
@click.option("--hide", multiple=True, metavar="SCHEMA.TABLE.COLUMN", help="A column that nobody shall see.")
@click.option(
    "--infer-function-permissions/--no-infer-function-permissions",
    default=None,
    help="How Hasura's server was set.  [default: told from the functions]",
)
def import_hasura(
    source: Path,
    out: Path,
    without: tuple[str, ...],
    hide: tuple[str, ...],
    infer_function_permissions: bool | None,
) -> None:
    """Turn Hasura v2 metadata (export or CLI directory) into a permissions.yaml."""
    from usher.importing import imported

    kinds = frozenset(kind.strip() for part in without for kind in part.split(",") if kind.strip())
    written = imported(source, kinds, hide, infer_function_permissions)
    out.write_text(written.text, encoding="utf-8")
    for line in written.report:
        click.echo(line, err=True)
    click.echo(f"written: {out}", err=True)


@main.command()
def schema() -> None:
    """Print the JSON Schema of permissions.yaml, for editors."""
    import json

    from gql_gen.rules.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


_warn = warn_as("usher")


def _settings() -> Settings:
    from usher.log import configure_log
    from usher.settings import read_settings, unknown_names

    configure_log()
    for warning in unknown_names():
        _warn(warning)
    return read_settings()


def _first(*ports: int | None) -> int:
    return next((port for port in ports if port is not None), DEFAULT_PORT)
