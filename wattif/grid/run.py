"""`wattif.grid.generate_grid` and `write_grid`: a grid data set in memory, or as a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from wattif.data_set.files import known_format
from wattif.grid.data import Loads
from wattif.grid.generate import grid_data, grid_of_dataset
from wattif.grid.spec import GridSpec
from wattif.grid.write import Written, write_data
from wattif.spec import Spec


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
    """Make the grid data set that *spec* describes, in memory.

    Parameters
    ----------
    spec
        The data set.

    Returns
    -------
    Grid
        Its tables.

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


def write_grid(
    spec: GridSpec, output_dir: str | Path, *, output_format: str = "csv", overwrite: bool = False
) -> Written:
    """Write the grid data set that *spec* describes into a folder, part by part: few rows are in memory at once.

    Parameters
    ----------
    spec
        The data set.
    output_dir
        The folder; it appears as a whole, or not at all.
    output_format
        Of the tables: ``csv``, ``parquet`` or ``ndjson``.
    overwrite
        Replace another data set; other files in the folder stay.

    Returns
    -------
    Written
        What was written.

    Raises
    ------
    wattif.errors.InvalidValue
        *spec* names a city or a kind of anomaly that there is not, or *output_dir* cannot be written.

    Examples
    --------
    >>> from wattif.grid import GridSpec, write_grid
    >>> written = write_grid(GridSpec(num_transformers=5, num_meters=60, num_months=2, num_zones=2), "small_grid")
    >>> written.meters, sorted(each.name for each in written.folder.glob("*.csv"))
    (60, ['anomaly_labels.csv', 'meter_consumption.csv', 'transformers.csv'])
    """
    known_format(output_format)
    return write_data(
        grid_data(spec),
        spec.model_dump(mode="json", exclude_none=True) | {"start_month": spec.start_month.isoformat()[:7]},
        Path(output_dir),
        output_format=output_format,
        overwrite=overwrite,
    )


def write_grid_of(
    dataset: Spec, output_dir: str | Path, *, output_format: str = "csv", overwrite: bool = False
) -> Written:
    """`write_grid` of a dataset of readings: its network and labels, and months that are the sums of its readings."""
    settings = dataset.model_dump(mode="json", exclude_defaults=True)
    return write_data(
        grid_of_dataset(dataset), settings, Path(output_dir), output_format=output_format, overwrite=overwrite
    )
