"""A grid data set on request: POST a JSON object with fields of `wattif.grid.GridSpec`; the files go into a bucket.

The environment names the place: WATTIF_LAKE, an address such as gs://bucket/grids. `name` in the object says in which
folder there (default: grid), `output_format` which kind of files. The answer names the place, the files, and sums.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import flask
import functions_framework
from pydantic import ValidationError

from wattif.errors import UsageError, WattIfError
from wattif.grid import GridSpec, write_grid
from wattif.lake.open import open_store
from wattif.uploader.committer import BatchCommitter
from wattif.uploader.local import file_crc32c
from wattif.uploader.store import SealedFile

MOST_METERS = 20_000  # a function has half a minute to hours, and its disk is memory: larger ones are jobs


@functions_framework.http
def grid(request: flask.Request) -> tuple[dict[str, Any], int]:
    """The answer and its HTTP status: 400 when the request is wrong, 502 when the bucket does not take the files."""
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict):
        return {"error": 'POST a JSON object such as {"num_meters": 2000, "num_months": 12}'}, 400
    name, output_format = asked.pop("name", "grid"), asked.pop("output_format", "csv")
    try:
        if not isinstance(name, str) or Path(name).name != name or name.startswith((".", "_")):
            return {"error": f"name {name!r}: not the name of a folder"}, 400
        spec = GridSpec(**asked)
        if spec.num_meters > MOST_METERS:
            return {"error": f"num_meters {spec.num_meters}: at most {MOST_METERS}; run wattif grid as a job"}, 400
        return _made(spec, name, output_format), 200
    except ValidationError as error:
        reasons = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        return {"error": "; ".join(reasons)}, 400
    except WattIfError as error:
        return {"error": str(error)}, 400 if isinstance(error, UsageError) else 502


def _made(spec: GridSpec, name: str, output_format: str) -> dict[str, Any]:
    store = open_store(f"{os.environ['WATTIF_LAKE']}/{name}", overwrite=True)
    with tempfile.TemporaryDirectory() as scratch:
        written = write_grid(spec, Path(scratch) / name, output_format=output_format)
        files = [
            SealedFile(path, path.name, path.stat().st_size, file_crc32c(path))
            for path in sorted(written.folder.iterdir())
        ]
        BatchCommitter(store).put(files)
    return {
        "place": store.place,
        "files": {file.name: file.size for file in files},
        "meters": written.meters,
        "transformers": written.transformers,
        "labels": written.labels,
        "energy_kwh": written.energy_kwh,
    }
