"""`wattif.generate`, `wattif.expect` and `wattif.reconcile`: the verbs of the command line, as functions."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow as pa

from wattif.answers.expect import expect as write_expected
from wattif.answers.reconcile.comparison import Comparison
from wattif.answers.reconcile.report import Report
from wattif.answers.reconcile.run import compare
from wattif.engine.events import Listener, ignore
from wattif.engine.figures import Figures
from wattif.engine.run import generate as run
from wattif.engine.run_options import RunOptions
from wattif.face.columns import Numbers
from wattif.face.lakes import open_lake
from wattif.face.reading import View, expected_tables
from wattif.spec import Spec
from wattif.uploader.retrying import RetryPolicy
from wattif.warehouse.place import WarehousePlace


def generate(
    spec: Spec,
    lake: str | Path,
    *,
    progress: Listener = ignore,
    retry_for_s: float | None = None,
    stop: Event | None = None,
    **options: Any,
) -> Figures:
    """Write a dataset into a lake, as `wattif generate` does; what is there already stays.

    Parameters
    ----------
    spec
        The dataset.
    lake
        ``gs://bucket/prefix``, ``s3://…``, ``az://…``, ``file:/folder``, or the path of a folder.
    progress
        Is called with each `wattif.engine.events.Event`: from other threads, but never twice at once.
    retry_for_s
        How long a lake that does not answer is tried again, in seconds; None: as the command line does.
    stop
        Set it to end the run early; the same call goes on later.
    **options
        How it is done, none of which changes a byte: ``staging_dir``, ``staging_limit`` (bytes, or text such as
        ``"2GiB"``), ``write_workers``, ``upload_workers`` (threads), ``success_files``: an empty ``_SUCCESS`` in each
        day that is complete; ``table_format``, ``catalog``, ``namespace``: a table that names the files; and
        ``overwrite``: replace another dataset.

    Returns
    -------
    Figures
        What this run made, and what it found made by earlier ones.

    Raises
    ------
    wattif.errors.LakeError
        The lake holds another dataset, or does not answer.
    wattif.errors.StagingError
        The staging folder is locked, full or somebody else's.
    wattif.errors.Interrupted
        *stop* was set. What is committed stays.
    wattif.errors.InvalidValue
        *spec* names a city, a column, a kind of anomaly or a fault that there is not.

    Examples
    --------
    Ten meters for two days, a row every five minutes:

    >>> spec = wattif.Spec(start="2024-01-01", end="2024-01-02", meters=10, interval=300)
    >>> wattif.generate(spec, "lake").readings, 2 * 10 * 86_400 // 300
    (5760, 5760)

    Another reader of JSON finds them:

    >>> import duckdb
    >>> duckdb.sql("SELECT count(*), count(DISTINCT mac) FROM 'lake/dt=*/*.json'").fetchall()
    [(5760, 10)]

    A second run finds all of it there:

    >>> again = wattif.generate(spec, "lake")
    >>> again.readings, again.batches_skipped
    (0, 2)
    """
    return run(spec, lake, RunOptions(**options), retry=_policy(retry_for_s), stop=stop, progress=progress)


def expect(
    spec: Spec,
    *,
    out: str | Path | None = None,
    view: View = "measured",
    numbers: Numbers = "decimal",
    time_zone: str = "UTC",
    workers: int | None = None,
    stop: Event | None = None,
) -> dict[str, pa.Table]:
    """Compute what the tables downstream must hold, without any lake.

    Parameters
    ----------
    spec
        The dataset.
    out
        A folder in which the tables stay, in all views, as Parquet; None: nowhere.
    view
        What meters ``measured``, what was ``delivered``, or that ``deduplicated``.
    numbers
        Energies as ``decimal``, exact; as ``float``; or as ``scaled`` whole numbers, in units of the last digit.
    time_zone
        By whose days and months energy is told, too: ``UTC`` alone, ``local`` for each city's own, or a name such as
        ``Asia/Kolkata``.
    workers
        Threads that compute; None: one a processor.
    stop
        Set it to end early.

    Returns
    -------
    dict of str to pyarrow.Table
        ``hourly``, ``daily``, ``monthly`` (a row per meter and span, Wh) and ``partitions`` (a row per UTC day); with
        *time_zone* ``local_daily`` and ``local_monthly``, too. They are held in memory: some 60 bytes per meter and
        hour. `wattif.read` streams a single one.

    Raises
    ------
    wattif.errors.InvalidValue
        *spec*, *out* or *time_zone* has a value that there is not.
    wattif.errors.Interrupted
        *stop* was set.

    Examples
    --------
    Two days of ten meters have 480 hours:

    >>> spec = wattif.Spec(start="2024-01-01", end="2024-01-02", meters=10, interval=300)
    >>> tables = wattif.expect(spec)
    >>> tables["hourly"].num_rows, 2 * 10 * 24
    (480, 480)

    They add up to the readings, to the last digit:

    >>> import duckdb
    >>> readings = wattif.read(spec, numbers="decimal")
    >>> [(energy,)] = duckdb.sql("SELECT sum(consumption_wh) FROM readings").fetchall()
    >>> sum(tables["daily"]["consumption_wh"].to_pylist()) == energy
    True
    """
    with _folder(out) as folder, tempfile.TemporaryDirectory(prefix="wattif-expect-") as nowhere:
        lake = Path(nowhere) / "lake"
        write_expected(spec, lake, out=folder, time_zone=time_zone, workers=workers, stop=stop)
        return expected_tables(folder, spec, view, numbers)


@contextmanager
def _folder(out: str | Path | None) -> Iterator[Path]:
    if out is not None:
        yield Path(out)
        return
    with tempfile.TemporaryDirectory(prefix="wattif-expected-") as folder:
        yield Path(folder)


def reconcile(
    lake: str | Path,
    *,
    spec: Spec | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    deep: bool = False,
    table: str | None = None,
    database: str | Path | None = None,
    parquet: str | None = None,
    differences: str | Path | None = None,
    retry_for_s: float | None = None,
    stop: Event | None = None,
) -> Report:
    """Compare a lake, or a table made of it, with what must be there. Nothing is changed.

    Parameters
    ----------
    lake
        ``gs://bucket/prefix``, ``s3://…``, ``az://…``, ``file:/folder``, or the path of a folder.
    spec
        Its dataset; None: what the lake remembers.
    start
        Compare from this day on, UTC.
    end
        Compare up to this day, UTC, included.
    deep
        Read every row, too: down to the meter, the hour and the column.
    table
        Compare this table in *database*, not the lake.
    database
        The file of DuckDB that holds *table*; None: ``wattif.duckdb`` in the working directory.
    parquet
        Compare these Parquet files, not the lake: ``"t/*.parquet"``.
    differences
        A Parquet file to write every difference to.
    retry_for_s
        How long a lake that does not answer is tried again, in seconds; None: as the command line does.
    stop
        Set it to end early.

    Returns
    -------
    Report
        Whether every difference is explained, and what they are.

    Raises
    ------
    wattif.errors.LakeError
        There is no dataset or another one, or the lake does not answer.
    wattif.errors.WarehouseError
        The table cannot be read.
    wattif.errors.Interrupted
        *stop* was set.

    Examples
    --------
    >>> wattif.reconcile("lake", deep=True).ok
    True

    Take a file away, and it is missed:

    >>> from pathlib import Path
    >>> [lost] = Path("lake/dt=2024-01-02").glob("*.json")
    >>> _ = lost.rename("kept.json")
    >>> report = wattif.reconcile("lake")
    >>> report.ok, list(report.to_dict()["verdicts"])
    (False, ['missing'])

    Put it back, and all is well:

    >>> _ = Path("kept.json").rename(lost)
    >>> wattif.reconcile("lake").ok
    True
    """
    known = spec or open_lake(lake, retry_for_s=retry_for_s).spec
    asked = {name: value for name, value in (("start", start), ("end", end)) if value is not None}
    comparison = Comparison(
        deep=deep, table=table, parquet=parquet, differences=None if differences is None else Path(differences)
    )
    return compare(
        Spec(**{**known.model_dump(exclude_none=True), **asked}),
        lake,
        comparison,
        place=WarehousePlace(database=None if database is None else Path(database)),
        retry=_policy(retry_for_s),
        stop=stop,
    )


def _policy(retry_for_s: float | None) -> RetryPolicy | None:
    return None if retry_for_s is None else RetryPolicy(retry_for_s=retry_for_s)
