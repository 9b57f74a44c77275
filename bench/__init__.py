"""How fast usher is beside the limit: pgbench running the very same SQL. `python -m bench --help`."""
