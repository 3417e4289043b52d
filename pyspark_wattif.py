"""Where Spark looks for the data source `wattif`: it imports each installed module whose name begins with pyspark_."""

from wattif.spark import WattIf as DefaultSource

__all__ = ["DefaultSource"]
