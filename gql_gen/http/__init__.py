"""The HTTP edge: who is asking, what they ask, and the answer in the form they accept."""

from gql_gen.http.app import build_app

__all__ = ["build_app"]
