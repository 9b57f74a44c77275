"""Where statements meet Postgres."""
