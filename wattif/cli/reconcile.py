"""`wattif reconcile`: compare a lake, or a table made from it, with what must be there."""

from __future__ import annotations

import sys
from threading import Event
from typing import Self

from pydantic import model_validator

from wattif.answers.reconcile.comparison import Comparison
from wattif.cli.announce import telling_what_compiles
from wattif.cli.options import Options
from wattif.cli.place import WarehouseOptions
from wattif.cli.stored import stored_options
from wattif.cli.verb import Verb
from wattif.errors import InvalidValue
from wattif.spec import Spec


class ReconcileOptions(Options, Comparison, WarehouseOptions, Spec):
    """Compare a lake, or a table made from it, with what must be there: what is missing, extra, doubled, or altered.

    The options of the dataset are read from the lake: give only --lake, or --bucket and --prefix.
    """

    @model_validator(mode="after")
    def _names_the_table(self) -> Self:
        if self.table is None and (self.database is not None or self.warehouse != "duckdb"):
            name, value = ("warehouse", self.warehouse) if self.database is None else ("database", str(self.database))
            raise InvalidValue(name, value, "needs `table`: the table to compare")
        return self


def _run(options: ReconcileOptions, stop: Event) -> int:
    from wattif.answers.reconcile.run import reconcile

    with telling_what_compiles():
        explained = reconcile(
            options.part(Spec),
            options.url,
            options.part(Comparison),
            sys.stdout,
            place=options.warehouse_place,
            as_json=options.as_json,
            retry=options.retry,
            stop=stop,
        )
    sys.stdout.flush()
    return 0 if explained else 1


VERB = Verb(options=ReconcileOptions, run=_run, interrupted="nothing was changed", stored=stored_options)
