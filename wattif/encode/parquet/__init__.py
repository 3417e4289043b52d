"""Parquet: exact decimals in five bytes a reading."""

from wattif.encode.parquet.encoder import ParquetEncoder

ENCODER = ParquetEncoder

__all__ = ["ENCODER", "ParquetEncoder"]
