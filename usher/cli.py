"""The command `usher`: what can be typed. Each command hands over to the module that does the work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from usher import __version__
from usher.failures import StartRefused, explain

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
HOST = click.option("--host", help="[default: 127.0.0.1, this machine alone]")
OUT = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("generated"),
    show_default=True,
    help="The folder of schemas, one file per role.",
)
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080


class _Commands(click.Group):
    """Ends a command that cannot go on with its message: no traceback, an exit code that is not 0."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            message = explain(error)
            if message is None:
                raise
            click.echo(f"usher: {message}", err=True)
            ctx.exit(error.exit_code if isinstance(error, StartRefused) else 1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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
@click.option("--database-url", help="Serve this database and start none; nothing is changed in it.")
@SCHEMA
@PERMISSIONS
@click.option(
    "--demo/--no-demo", default=None, help="Rows to play with.  [default: demo.sql beside the schema, if any]"
)
def up(
    host: str | None,
    port: int | None,
    data_dir: Path,
    database_url: str | None,
    schema: Path,
    permissions: Path,
    demo: bool | None,
) -> None:
    """Start everything for development: Postgres, the API, the console."""
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
    )
    start(wishes, settings, click.echo)


@main.command()
@click.option("--database-url", help="[default: HASURA_GRAPHQL_DATABASE_URL, then DATABASE_URL]")
@PERMISSIONS
@HOST
@PORT
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")
@click.option("--strict", is_flag=True, help="Do not start when a rule names what the database lacks.")
def serve(
    database_url: str | None, permissions: Path, host: str | None, port: int | None, workers: int, strict: bool
) -> None:
    """Serve an existing database, changing nothing in it."""
    from usher.serve import Service, bind, exit_on_signals
    from usher.settings import ensure_coherent
    from usher.workers import serve_by

    exit_on_signals()
    settings = _settings()
    host = host or settings.host or DEFAULT_HOST
    ensure_coherent(settings, host)
    address = database_url or settings.database_url
    if address is None:
        raise StartRefused("which database? Give --database-url, or set HASURA_GRAPHQL_DATABASE_URL")
    with bind(host, _first(port, settings.port)) as listener:
        ready = f"Serving on http://{host}:{listener.getsockname()[1]}/v1/graphql"
        serve_by(workers, Service(settings, address, permissions, strict), listener, lambda: click.echo(ready))


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


def _settings() -> Settings:
    from usher.log import configure_log
    from usher.settings import read_settings, unknown_names

    configure_log()
    for warning in unknown_names():
        _warn(warning)
    return read_settings()


def _warn(warning: str) -> None:
    click.echo(f"usher: warning: {warning}", err=True)


def _first(*ports: int | None) -> int:
    return next((port for port in ports if port is not None), DEFAULT_PORT)
