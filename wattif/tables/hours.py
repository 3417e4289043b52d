"""The columns of every table of hours: expected, rolled up, reconciled and scanned."""

from __future__ import annotations

from wattif.tables.column import MAC, Column

HOUR = Column("time_hour_rolled", "timestamp", "the hour, by the meter's own clock", unit="UTC")
HOUR_ENERGY = Column("consumption_hour_rolled", "number", "sum of consumption_wh", unit="Wh", decimals=3)
HOUR_MEAN = Column("consumption_avg", "float", "mean consumption_wh of the hour's readings", unit="Wh")
HOUR_LARGEST = Column("consumption_max", "number", "largest consumption_wh", unit="Wh", decimals=3)
HOUR_READINGS = Column("readings", "number", "how many readings the hour has; hours without any have no row")
HOUR_COLUMNS = (MAC, HOUR, HOUR_ENERGY, HOUR_MEAN, HOUR_LARGEST, HOUR_READINGS)
METRIC_COLUMNS = {"AVG": HOUR_MEAN.name, "MAX": HOUR_LARGEST.name}  # what a scan judges
METRICS = tuple(METRIC_COLUMNS)
