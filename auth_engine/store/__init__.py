"""The database of the auth engine: every statement stands in `sql/*.sql` under a name, a typed method calls each."""
