"""Columns of readings to bytes; `schema` is the single declaration of their fields."""
