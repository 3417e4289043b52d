"""WattIf: a city's smart-meter readings, at the speed of the disk, with the answer key."""

__version__ = "0.3.0"
