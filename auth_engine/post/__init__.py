"""The outbox's other end: what was written in a transaction is delivered after it, at least once."""
