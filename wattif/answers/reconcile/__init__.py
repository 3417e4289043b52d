"""What a dataset must hold against what is there: a lake, or a table made of it."""
