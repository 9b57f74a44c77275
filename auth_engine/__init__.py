"""The auth engine: who somebody is. A drop-in for Hasura Auth over its `auth` schema; ours lies in `auth_engine`."""
