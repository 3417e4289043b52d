"""How BigQuery is told to read files of each format, by the names of the client's options. Knows words, not the client.

https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationLoad
"""

from __future__ import annotations

from typing import Any

# None of the bad records may stop a load.
LINES: dict[str, Any] = {"ignore_unknown_values": True, "max_bad_records": 2**31 - 1}
_OF_FORMAT: dict[str, dict[str, Any]] = {
    # Columns are found by the names in the first line, since schemas drift. No value of a reading needs quotes, so a
    # quote is a character like others: a torn line cannot swallow the next one.
    "CSV": {"skip_leading_rows": 1, "quote_character": "", "source_column_match": "NAME"},
    "AVRO": {"use_avro_logical_types": True},  # otherwise decimals are bytes, and times are integers
}


def options_of(source_format: str | None) -> dict[str, Any]:
    """The options of a format alone, as BigQuery calls it."""
    return _OF_FORMAT.get(source_format or "", {})
