"""`wattif.grid.generate_grid`: a grid data set in memory."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from wattif.grid.data import Loads
from wattif.grid.generate import grid_data
from wattif.grid.spec import GridSpec


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A grid data set; the columns are described in docs/grid.md.

    Attributes
    ----------
    transformers
        A row per transformer: where it is, how large, how loaded.
    meters
        A row per meter: where it is, what feeds it, and what it used in each month.
    anomaly_labels
        A row per meter and event: what went wrong there.
    """

    transformers: pa.Table
    meters: pa.Table
    anomaly_labels: pa.Table


def generate_grid(spec: GridSpec) -> Grid:
    """Make the grid data set that *spec* describes.

    Raises
    ------
    wattif.errors.InvalidValue
        *spec* names a city or a kind of anomaly that there is not.

    Examples
    --------
    >>> from wattif.grid import GridSpec, generate_grid
    >>> grid = generate_grid(GridSpec(num_transformers=5, num_meters=60, num_months=2, num_zones=2))
    >>> grid.transformers.num_rows, grid.meters.num_rows
    (5, 60)
    >>> grid.meters.to_pandas().filter(like="monthly_").shape
    (60, 2)
    """
    data = grid_data(spec)
    loads = Loads.none(data)
    tables = []
    for part in data.parts():
        loads.add(part)
        tables.append(part.table)
    return Grid(transformers=data.transformers(loads), meters=pa.concat_tables(tables), anomaly_labels=data.labels)
