"""The catalog: one file a table."""
