"""What the commands `usher` and `auth-engine` have in common: how they end, and options that both take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from usher.failures import StartRefused, explain

DEFAULT_HOST: Final = "127.0.0.1"
CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
HOST = click.option("--host", help="[default: 127.0.0.1, this machine alone]")
WORKERS = click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")


class Commands(click.Group):
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
            click.echo(f"{self.name}: {message}", err=True)
            ctx.exit(error.exit_code if isinstance(error, StartRefused) else 1)


def warn_as(program: str) -> Callable[[str], None]:
    """Says a warning in the program's name."""

    def warn(warning: str) -> None:
        click.echo(f"{program}: warning: {warning}", err=True)

    return warn
