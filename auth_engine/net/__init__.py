"""Outgoing HTTP, with the addresses that may be reached."""
