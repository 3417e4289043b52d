"""Which table names the files of a lake, as options."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from wattif.table_formats.addresses import without_password


class TableOptions(BaseModel):
    """A table format, and where its tables are registered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table_format: str | None = Field(
        None, description="keep, or compare, a table that names the Parquet files of the lake: delta or iceberg"
    )
    catalog: str | None = Field(
        None,
        description="Iceberg catalog: a name of your .pyiceberg.yaml, or an address: https://…, postgresql+psycopg2://…,"
        " sqlite:///… (default: a SQLite file in the lake)",
    )
    namespace: str | None = Field(None, description="namespace of the tables in the Iceberg catalog (default: wattif)")

    @field_serializer("catalog")
    def _without_password(self, catalog: str | None) -> str | None:
        """What the report of a run keeps."""
        return None if catalog is None else without_password(catalog)
