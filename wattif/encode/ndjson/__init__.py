"""NDJSON rows of a fixed width. Nothing outside this package knows braces, quotes and widths."""

from wattif.encode.ndjson.encoder import NdjsonEncoder

__all__ = ["NdjsonEncoder"]
