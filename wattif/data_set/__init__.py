"""Data sets that are folders of tables: how these are written, and that the folder appears as a whole."""
