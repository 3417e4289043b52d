"""The version of the program; that of the bytes is `wattif.lake.identity.VERSION`."""

__version__ = "0.5.0"
