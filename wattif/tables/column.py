"""A column of a table, declared once: its types in files and warehouses, ranges and docs are derived from here."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["mac", "city", "text", "json", "timestamp", "date", "number", "float", "boolean"]
DIGITS = 18  # of a decimal number, unless it says otherwise: the widest that DuckDB keeps in eight bytes
_BIGQUERY: dict[Kind, str] = {
    "mac": "STRING",
    "city": "STRING",
    "text": "STRING",
    "json": "STRING",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "float": "FLOAT64",
    "boolean": "BOOL",
}
_DUCKDB: dict[Kind, str] = {
    "mac": "VARCHAR",
    "city": "VARCHAR",
    "text": "VARCHAR",
    "json": "VARCHAR",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "date": "DATE",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    A ``number`` is exact: an integer of 10^-decimals units between *minimum* and *maximum* (both in such integers;
    both 0: no range is declared). ``mac`` and ``city`` are texts of a fixed form, ``timestamp`` is a moment in UTC.
    ``json`` is a text that holds a JSON object; PostgreSQL keeps it as such.
    """

    name: str
    kind: Kind
    description: str
    _: KW_ONLY
    unit: str = ""
    decimals: int = 0
    digits: int = DIGITS  # of a decimal number, those after the point included
    bits: Literal[32, 64] = 64  # of a whole number in Arrow and Parquet
    minimum: int = 0
    maximum: int = 0
    nullable: bool = False
    obis: str = ""
    quantity: int = -1  # column of a block of readings, see `wattif.model.quantities`
    optional: bool = False  # part of the table only when it is asked for
    references: str = ""  # the table whose key it holds

    @property
    def whole_digits(self) -> int:
        """Digits before the point of the widest value."""
        return len(str(self.maximum // 10**self.decimals))

    @property
    def is_decimal(self) -> bool:
        """Whether it is a number with digits after the point, or with more digits than whole numbers have."""
        return self.kind == "number" and (self.decimals > 0 or self.digits > DIGITS)

    @property
    def is_text(self) -> bool:
        """Whether its values are texts, of whatever form."""
        return self.kind in ("mac", "city", "text", "json")

    @property
    def meaning(self) -> str:
        """The description with the unit."""
        return f"{self.description}, {self.unit}" if self.unit else self.description

    @property
    def bigquery_type(self) -> str:
        """Its type in BigQuery, without digits."""
        if self.kind == "number":
            return "NUMERIC" if self.is_decimal else "INT64"
        return _BIGQUERY[self.kind]

    @property
    def duckdb_type(self) -> str:
        """Its type in DuckDB."""
        if self.kind == "number":
            return f"DECIMAL({self.digits},{self.decimals})" if self.is_decimal else "BIGINT"
        return _DUCKDB[self.kind]

    @property
    def arrow_type(self) -> pa.DataType:
        """Its type in Arrow and Parquet."""
        import pyarrow as pa

        if self.kind == "number":
            if self.is_decimal:
                return pa.decimal128(self.digits, self.decimals)
            return pa.int32() if self.bits == 32 else pa.int64()
        types: dict[Kind, pa.DataType] = {
            "timestamp": pa.timestamp("us", "UTC"),
            "date": pa.date32(),
            "float": pa.float64(),
            "boolean": pa.bool_(),
        }
        return types.get(self.kind, pa.string())

    @property
    def arrow_field(self) -> pa.Field:
        """The field of an Arrow or Parquet schema, with its description."""
        import pyarrow as pa

        return pa.field(self.name, self.arrow_type, self.nullable, {"description": self.meaning})


MAC = Column("mac", "mac", "the meter's MAC address")
