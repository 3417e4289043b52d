"""The table formats: a module each, with its `FORMAT`. Its library is imported when the format is asked for."""
