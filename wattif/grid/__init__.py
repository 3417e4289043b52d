"""The grid data set: transformers, meters and their months, labels, a map."""

from wattif.grid.run import Grid, generate_grid, write_grid
from wattif.grid.spec import GridSpec

__all__ = ["Grid", "GridSpec", "generate_grid", "write_grid"]
