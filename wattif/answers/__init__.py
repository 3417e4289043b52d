"""What must be there, and whether it is: expected tables, reconciliation."""
