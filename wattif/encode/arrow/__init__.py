"""Arrow's IPC file format."""

from wattif.encode.arrow.encoder import ArrowFileEncoder

ENCODER = ArrowFileEncoder

__all__ = ["ENCODER", "ArrowFileEncoder"]
