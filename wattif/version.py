"""The version: of the program, and of the bytes that it writes."""

__version__ = "0.3.0"
