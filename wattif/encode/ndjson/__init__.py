"""NDJSON rows of a fixed width. Nothing outside this package knows braces, quotes and widths."""

from wattif.encode.ndjson.encoder import NdjsonEncoder

ENCODER = NdjsonEncoder

__all__ = ["ENCODER", "NdjsonEncoder"]
