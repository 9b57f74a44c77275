"""The command `auth-engine`: the auth engine alone, and its settings."""

from __future__ import annotations

import click

from usher import __version__
from usher.commands import CONTEXT, DEFAULT_HOST, HOST, WORKERS, Commands, warn_as
from usher.failures import StartRefused


@click.group("auth-engine", cls=Commands, context_settings=CONTEXT)
@click.version_option(__version__, message="auth-engine %(version)s")
def main() -> None:
    """Sign-up, sign-in and sessions over Postgres, with the routes of Hasura Auth."""


@main.command()
@click.option(
    "--database-url", help="[default: HASURA_GRAPHQL_DATABASE_URL, then POSTGRES_CONNECTION, then DATABASE_URL]"
)
@HOST
@click.option("--port", type=click.IntRange(0, 65_535), help="[default: AUTH_PORT, then 4000; 0 takes any free port]")
@WORKERS
def serve(database_url: str | None, host: str | None, port: int | None, workers: int) -> None:
    """Serve the auth engine at /. It makes or checks its schemas, and changes nothing else in the database."""
    from usher.auth import AuthService, read_auth_settings
    from usher.log import configure_log
    from usher.serve import bind, exit_on_signals
    from usher.settings import environment_of_process
    from usher.workers import serve_by

    exit_on_signals()
    configure_log()
    settings = read_auth_settings(environment_of_process(), warn_as("auth-engine"))
    address = database_url or settings.database_url
    if address is None:
        raise StartRefused("which database? Give --database-url, or set HASURA_GRAPHQL_DATABASE_URL")
    host = host or settings.host or DEFAULT_HOST
    with bind(host, settings.port if port is None else port) as listener:
        ready = f"Serving on http://{host}:{listener.getsockname()[1]}{settings.api_prefix}"
        serve_by(workers, AuthService(settings, address), listener, lambda: click.echo(ready))


@main.command()
def settings() -> None:
    """List every setting with the value in force; secrets are masked. Needs no database."""
    from auth_engine.core.settings import listing
    from usher.auth import read_auth_settings
    from usher.settings import environment_of_process

    for name, value in listing(read_auth_settings(environment_of_process(), warn_as("auth-engine"))):
        click.echo(f"{name}={value}")


if __name__ == "__main__":
    main()
