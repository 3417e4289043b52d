"""Compare what must be there with what is there: in a lake, or in a table made from it."""
