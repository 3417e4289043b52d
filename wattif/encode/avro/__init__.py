"""Avro object container files."""

from wattif.encode.avro.encoder import AvroEncoder

ENCODER = AvroEncoder

__all__ = ["ENCODER", "AvroEncoder"]
