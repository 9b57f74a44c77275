"""The front door: command line, settings, the embedded Postgres, one ASGI app."""

__version__ = "0.1.0"
