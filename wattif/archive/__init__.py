"""Days of readings out of PostgreSQL into files, and back."""
