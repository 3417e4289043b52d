"""A warehouse that is a schema in a database of PostgreSQL, with PostGIS where it is installed."""
