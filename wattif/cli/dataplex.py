"""`wattif dataplex`: check the hourly readings in BigQuery with a Dataplex scan."""

from __future__ import annotations

from threading import Event
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import CliPositionalArg

from wattif.cli.options import Options
from wattif.cli.verb import Verb
from wattif.dataplex.options import Action, DataplexOptions
from wattif.errors import InvalidValue
from wattif.extras import needs


class DataplexVerbOptions(Options, DataplexOptions):
    """Check the hourly readings in BigQuery with a Dataplex scan: anomalies, gaps, duplicates, ranges."""

    action: CliPositionalArg[Action] = Field(
        description="create the scan, run it once, show the results of its last job, or delete it"
    )
    print_only: Annotated[bool, Field(alias="print")] = Field(
        False, description="with create: print the definition as YAML for gcloud; send nothing"
    )
    as_json: Annotated[bool, Field(alias="json")] = Field(False, description="with results: print them as JSON")

    @model_validator(mode="after")
    def _fits_the_action(self) -> Self:
        if self.action == "create" and self.dataset is None:
            raise ValueError("`dataset` is missing")
        if self.print_only and self.action != "create":
            raise InvalidValue("print_only", True, f"works with create, not with {self.action}; leave it out")
        if self.as_json and self.action != "results":
            raise InvalidValue("as_json", True, f"works with results, not with {self.action}; leave it out")
        return self


def _run(options: DataplexVerbOptions, stop: Event) -> int:
    with needs("dataplex"):
        from wattif.dataplex.act import act

    scan = options.part(DataplexOptions)
    answer = act(options.action, scan, print_only=options.print_only, as_json=options.as_json)
    print(answer.text)
    return 0 if answer.passed else 1


VERB = Verb(
    options=DataplexVerbOptions,
    run=_run,
    interrupted="the work may continue in the cloud; to check, run 'wattif dataplex results'",
    ends_when_asked=False,
)
