"""Write the next migration of the PostgreSQL warehouse: the tables of the catalog that no earlier one has.

python -m scripts.postgres_migration
"""

from __future__ import annotations

import sys
from pathlib import Path

from wattif.warehouse.postgres import schema
from wattif.warehouse.postgres.migrations import migrations

FOLDER = Path("wattif/warehouse/postgres/migrations")


def main() -> int:
    known = migrations()
    there = "\n".join(known.values())
    tables = [each for each in schema.kept_tables() if f'CREATE TABLE "{each.name}"' not in there]
    if not tables:
        print("every table has its migration")
        return 1
    path = FOLDER / f"{max(known) + 1:04d}.sql"
    path.write_text(f"SET LOCAL search_path = wattif, public;\n\n{schema.tables_sql(tables)}", encoding="utf-8")
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
