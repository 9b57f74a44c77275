"""Signing in elsewhere: OAuth 2.0, OAuth 1.0a and OpenID Connect, and the table of providers."""
