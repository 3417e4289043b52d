"""gzip by an encoder of our own. Nothing outside this package knows bits."""

from wattif.compress.gzip.compressor import GzipCompressor

COMPRESSOR = GzipCompressor

__all__ = ["COMPRESSOR", "GzipCompressor"]
