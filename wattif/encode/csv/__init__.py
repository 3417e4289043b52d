"""CSV by RFC 4180: a line of names, then rows of one width."""

from wattif.encode.csv.encoder import CsvEncoder

ENCODER = CsvEncoder

__all__ = ["ENCODER", "CsvEncoder"]
