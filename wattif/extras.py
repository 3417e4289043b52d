"""Libraries that only some uses of WattIf need, and the extra of the package that installs each.

    with needs("gcs"):
        from wattif.uploader.gcs import GcsStore

Where such a library is not installed, `MissingExtra` says the command that installs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wattif.errors import WattIfError

# The modules that an extra brings. A local folder needs none of them.
EXTRAS: dict[str, tuple[str, ...]] = {
    "gcs": ("google", "requests"),
    "s3": ("obstore", "boto3", "botocore"),
    "azure": ("obstore",),
    "bigquery": ("google", "requests"),
    "postgres": ("psycopg",),
    "dataplex": ("google", "grpc", "requests", "yaml"),
    "iceberg": ("pyiceberg", "sqlalchemy", "requests"),
    "delta": ("deltalake",),
    "dask": ("distributed", "dask"),
    "spark": ("pyspark",),
    "plot": ("matplotlib",),
    "notebook": ("pandas", "ipykernel"),
    "learn": ("sklearn", "pandas", "matplotlib"),  # of examples/, no module of the package
}


class MissingExtra(WattIfError, ImportError):
    """A library of an extra is not installed."""


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Import libraries of *extra* within it; `MissingExtra` when one of them is not installed."""
    try:
        yield
    except ImportError as error:
        missing = error.name or ""
        absent = isinstance(error, ModuleNotFoundError) or missing == "google.cloud"  # a folder that libraries share
        if not absent or missing.partition(".")[0] not in EXTRAS[extra]:
            raise
        raise MissingExtra(f"{missing} is not installed: run pip install 'wattif[{extra}]'", name=missing) from None
