"""Signing in at somebody else's door: providers, the exchange of codes, id tokens."""
