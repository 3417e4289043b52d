"""`wattif map`: a grid data set as a page with a map."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Event

from pydantic import Field, field_validator, model_validator

from wattif.cli.options import Options
from wattif.cli.verb import Verb
from wattif.errors import InvalidValue
from wattif.wording import size_text


class MapOptions(Options):
    """Draw a grid data set as a map: one page that works without a network."""

    grid: Path = Field(Path("generated_data"), description="folder of the grid data set")
    out: Path = Field(Path("map.html"), description="the page to write")
    tiles: str | None = Field(
        None,
        description="address of tiles for the background, with {z}, {x} and {y}; the page then needs a network"
        " (default: the zones, drawn)",
    )
    attribution: str = Field("", description="whom the tiles are owed to, as the page shows it")
    overwrite: bool = Field(False, description="replace the page")

    @field_validator("tiles")
    @classmethod
    def _is_an_address_of_tiles(cls, value: str | None) -> str | None:
        if value is not None and not (
            re.match(r"https?://[^/]", value) and all(part in value for part in ("{z}", "{x}", "{y}"))
        ):
            raise ValueError("no address of tiles; write it like https://tiles.example/{z}/{x}/{y}.png")
        return value

    @model_validator(mode="after")
    def _owes_tiles(self) -> MapOptions:
        if self.attribution and self.tiles is None:
            raise InvalidValue("attribution", self.attribution, "there are no tiles; name them with `tiles`")
        return self


def _run(options: MapOptions, stop: Event) -> int:
    from wattif.grid.stored import read_grid
    from wattif.map import Tiles, check_place, map_page, write_page

    check_place(options.out, overwrite=options.overwrite)
    grid = read_grid(options.grid)
    tiles = Tiles(url=options.tiles, attribution=options.attribution) if options.tiles is not None else None
    page = map_page(
        grid.transformers, grid.meters, grid.anomaly_labels, title=options.grid.resolve().name or "/", tiles=tiles
    )
    size = write_page(page, options.out)
    print(
        f"{options.out}: {grid.transformers.num_rows:,} transformers, {grid.meters.num_rows:,} meters,"
        f" {size_text(size)}"
    )
    return 0


VERB = Verb(options=MapOptions, run=_run, interrupted="no map was written", ends_when_asked=False)
