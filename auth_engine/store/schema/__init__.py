"""The DDL of the schemas `auth` (as Hasura Auth has it, version 18) and `auth_engine` (ours)."""
