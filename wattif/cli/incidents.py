"""`wattif incidents`: incidents of a city and what belongs to them, as small tables."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from tqdm import tqdm

from wattif.cli.announce import telling_what_compiles
from wattif.cli.data_set import DataSetOptions, OutputDir
from wattif.cli.logs import log_to_stderr
from wattif.cli.verb import Verb
from wattif.engine.shard import AskedShard, share_of
from wattif.errors import InvalidValue
from wattif.incidents.spec import IncidentSpec

if TYPE_CHECKING:
    from wattif.incidents.setting import Setting


class IncidentOptions(DataSetOptions, IncidentSpec):
    """Write incidents of a city: stations, units, assets, notes, every transition, and look-up tables.

    With a lake, its labelled outages, sags, and swells are among them, with times that fit the readings to the second.
    """

    model_config = SettingsConfigDict(cli_implicit_flags="dual", cli_shortcuts={"verbose": "v"})

    lake: str | None = Field(
        None, description="a lake whose network, weather and labels to take, an address or a folder"
    )
    output_dir: OutputDir = Path("data/generated")
    shard: AskedShard = None
    verbose: bool = Field(True, description="show progress")


def _run(options: IncidentOptions, stop: Event) -> int:
    from wattif.incidents.write import write_setting

    log_to_stderr(verbose=False)
    with telling_what_compiles():
        setting = _setting(options)
        if options.shard is not None and setting.spec.drawn:
            missing = " and ".join(f"`{name}`" for name in setting.spec.drawn)
            raise InvalidValue("shard", options.shard, f"needs {missing}, the same for all shards; give them")
        setting.prepare()
        spec = setting.spec
        print(f"seed {spec.seed}, window {_span(spec.window_start, spec.window_end)}")
        settings = spec.model_dump(mode="json", exclude_none=True)
        if options.lake is not None:
            settings["lake"] = options.lake
        numbers = share_of(options.shard).stretch(spec.incident_count)
        with tqdm(total=len(numbers), unit=" incidents", unit_scale=True, disable=not options.verbose) as bar:
            written = write_setting(
                setting,
                settings,
                options.output_dir,
                output_format=options.output_format,
                overwrite=options.overwrite,
                progress=bar.update,
                shard=options.shard,
            )
    labels = int((setting.occurrences[1][numbers.start : numbers.stop] >= 0).sum())
    labelled = "" if setting.labelled is None else f" (of the lake's labels {labels:,})"
    others = ", ".join(f"{name} {count:,}" for name, count in written.rows.items() if name != "incidents")
    print(f"incidents {written.rows['incidents']:,}{labelled}; {others}\ndata: {written.folder.absolute()}")
    return 0


def _setting(options: IncidentOptions) -> Setting:
    from wattif.incidents.setting import Setting

    given = {name: getattr(options, name) for name in IncidentSpec.model_fields if name in options.model_fields_set}
    if options.lake is None:
        return Setting.of(IncidentSpec(**given))
    from wattif.incidents.of_lake import setting_of_dataset, span_of_labels
    from wattif.lake.open import open_store
    from wattif.lake.stored import same_spec

    dataset = same_spec(open_store(options.lake))
    setting, (begin, end) = setting_of_dataset(dataset, given), span_of_labels(dataset)
    if setting.spec.window_start < begin or setting.spec.window_end > end:
        logging.getLogger("wattif").warning(
            "%s: has labels of %s; the window, %s, reaches beyond, and has no outages, sags and swells there;"
            " to take that of the lake, leave out --window-end and --window-days",
            options.lake,
            _span(begin, end),
            _span(setting.spec.window_start, setting.spec.window_end),
        )
    return setting


def _span(begin: datetime, end: datetime) -> str:
    return f"{begin:%Y-%m-%dT%H:%M:%SZ} to {end:%Y-%m-%dT%H:%M:%SZ}"


VERB = Verb(options=IncidentOptions, run=_run, interrupted="nothing was written", ends_when_asked=False)
