"""The verbs of the command line, in the order in which they are usually needed."""

from __future__ import annotations

VERBS = {  # each is the module of that name
    "generate": "write the readings of a fleet of meters into a lake",
    "status": "tell what is committed of what was asked for, and which runs are under way",
    "expect": "compute what every table downstream must contain",
    "export": "write meter-data exchange files: NEM12, NEM13, Green Button, CIM",
    "show": "draw a meter, a class of meters, or the whole fleet",
    "grid": "make transformers, meters, months and labels as small tables, with a map layer",
    "incidents": "make incidents of a city with stations, units and notes, those of a lake's labels among them",
    "calibrate": "make a city file out of your own interval data",
    "map": "draw a grid data set as a map: one page that works without a network",
    "reconcile": "compare a lake, or a table made from it, with what must be there",
    "load": "load a lake into a warehouse: local DuckDB, BigQuery, or PostgreSQL",
    "rollup": "sum the loaded readings by hour and month",
    "scan": "flag hours unlike the ones before",
    "score": "compare the scan with the labels: precision, recall, and delay by kind of anomaly",
    "archive": "move days of readings out of PostgreSQL into Parquet files",
    "restore": "bring an archived day of readings back into PostgreSQL",
    "schema": "print a table's schema for an engine, and code that reads the lake exactly",
    "dataplex": "check the hourly readings in BigQuery with a Dataplex scan",
}
