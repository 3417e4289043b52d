"""From the lake to verdicts: load, roll up by the hour, scan for anomalies; in DuckDB or in BigQuery."""
