"""What Spark calls `wattif`. Every session that looks for sources in Python imports it: the rest waits until needed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wattif.extras import needs

with needs("spark"):
    from pyspark.sql.datasource import DataSource

if TYPE_CHECKING:
    from pyspark.sql.datasource import DataSourceReader
    from pyspark.sql.types import StructType

_PLANS_FILTERS = "pyspark.sql.worker.data_source_pushdown_filters"  # the program that calls `pushFilters`


class WattIf(DataSource):
    """Any table of a dataset; for the options, see docs/spark.md."""

    @classmethod
    def name(cls) -> str:
        """The format's name."""
        return "wattif"

    def schema(self) -> str:
        """The columns of the table and their types."""
        from wattif.spark.asked import Asked

        return ", ".join(f"`{name}` {kind}" for name, kind in Asked.of(self.options).types.items())

    def reader(self, schema: StructType) -> DataSourceReader:
        """What makes the columns of *schema*.

        Where ``spark.sql.python.filterPushdown.enabled`` is not set, Spark refuses a reader that takes filters. So the
        one that does is only for the program that has filters to give.
        """
        from wattif.spark.asked import Asked
        from wattif.spark.reader import FilteringReader, Reader

        asked = Asked.of(self.options, {field.name: field.dataType.simpleString() for field in schema})
        return FilteringReader(asked) if _PLANS_FILTERS in sys.modules else Reader(asked)
