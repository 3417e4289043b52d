"""A city out of a user's own interval data: read, measured, fitted, and held against what the model makes of it."""
