"""The HTTP edge of the auth engine: the table of routes, reading requests, writing answers."""
