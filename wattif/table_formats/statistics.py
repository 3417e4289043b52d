"""What the footer of a Parquet file says of its rows, as the log of a table says it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_LONGEST_TEXT = 32  # characters of a bound; a longer one would have to be rounded
_MOST_EXACT = 10**15  # units: so many are exact in a double, as which readers may take a number of JSON


def statistics_of(footer: pq.FileMetaData) -> dict[str, Any]:
    """Rows, and of each column the least and the greatest value and how many are missing, as Delta's JSON has them.

    Left out is what a row group does not tell, and bounds that JSON would not carry to the last digit.
    """
    least: dict[str, Any] = {}
    greatest: dict[str, Any] = {}
    missing: dict[str, int] = {}
    for index in range(footer.num_columns):
        chunks = [footer.row_group(group).column(index) for group in range(footer.num_row_groups)]
        if not chunks or not all(each.is_stats_set for each in chunks):
            continue
        column, told = footer.schema.column(index), [each.statistics for each in chunks]
        if all(each.has_null_count for each in told):
            missing[column.name] = sum(each.null_count for each in told)
        if all(each.has_min_max for each in told):
            if column.logical_type.type == "DECIMAL":
                low, high = (
                    _decimal(value, column.scale)
                    for value in (min(each.min_raw for each in told), max(each.max_raw for each in told))
                )
            else:
                low, high = _plain(min(each.min for each in told)), _plain(max(each.max for each in told))
            if low is not None and high is not None:
                least[column.name], greatest[column.name] = low, high
    return {"numRecords": footer.num_rows, "minValues": least, "maxValues": greatest, "nullCount": missing}


def _decimal(units: Any, decimals: int) -> float | None:
    """None where it is not exact; *units* are bytes in a number of more than 18 digits."""
    return float(Decimal(units).scaleb(-decimals)) if isinstance(units, int) and abs(units) < _MOST_EXACT else None


def _plain(value: Any) -> Any:
    """*value* for JSON; None where it cannot be told."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case str():
            return value if len(value) <= _LONGEST_TEXT else None
        case bool():
            return None
        case int():
            return value
    return None
