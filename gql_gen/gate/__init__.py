"""The one gate: whatever reaches the database passed `permit`, and only `permit` can make a `Permitted`."""
