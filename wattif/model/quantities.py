"""What a meter measures: the columns of a block of readings, as scaled integers.

A block is an int64 array of shape (meters, `COUNT`, readings of a day). The unit of each column is that of the
last digit that is written, so that no digit of a row is ever rounded twice.
"""

from __future__ import annotations

CONSUMPTION_MWH = 0  # energy imported in the interval, mWh
POWER_W = 1  # mean active power, W
VOLTAGE_DV = 2  # 0.1 V
CURRENT_CA = 3  # 0.01 A
POWER_FACTOR_MILLI = 4  # 0.001
FREQUENCY_MHZ = 5  # mHz
REGISTER_WH = 6  # import register at the end of the interval, Wh
STATUS = 7  # quality flags, 0 = good
EXPORT_MWH = 8  # energy exported in the interval, mWh
EXPORT_REGISTER_WH = 9  # export register at the end of the interval, Wh
SEQ = 10  # number of the interval since the dataset's epoch
COUNT = 11
