"""The text of the page: template, styles, libraries and scripts, each in its own file, and the data."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

import pyarrow as pa

from wattif.map.payload import packed

_PAGE = Path(__file__).parent / "page"
VENDOR = Path(__file__).parent / "vendor"
VENDORED = (  # in the order in which the page needs them; scripts/vendor_map.py copies them
    "leaflet/dist/leaflet.css",
    "leaflet.markercluster/dist/MarkerCluster.css",
    "leaflet/dist/leaflet.js",
    "leaflet.markercluster/dist/leaflet.markercluster.js",
    "leaflet.heat/dist/leaflet-heat.js",
    "d3-delaunay/dist/d3-delaunay.min.js",
)
_SCRIPTS = ("dom", "unpack", "scales", "zones", "network", "heat", "spark", "panel", "search", "main")


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """A background of tiles from the network: *url* with ``{z}``, ``{x}`` and ``{y}``, and whom they are owed to."""

    url: str
    attribution: str = ""


def map_page(
    transformers: pa.Table, meters: pa.Table, anomaly_labels: pa.Table, *, title: str, tiles: Tiles | None = None
) -> str:
    """A page of HTML that shows a grid data set, given by the tables of a `wattif.grid.Grid`.

    It loads nothing; only with *tiles* it asks the network for pictures. Its policy forbids everything else.
    `UsageError` names what cannot be shown: a meter of no transformer, a place that is none.
    """
    data = packed(transformers, meters, anomaly_labels, {"title": title, "tiles": tiles and asdict(tiles)})
    styles = [_vendored(name) for name in VENDORED if name.endswith(".css")] + [_own("page.css")]
    libraries = [_vendored(name) for name in VENDORED if name.endswith(".js")]
    script = "".join(_own(f"{name}.js") for name in _SCRIPTS)
    style = "\n".join(styles)
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(_hash(each) for each in (*libraries, script)),
        "style-src": _hash(style),
        "img-src": "data: https: http:" if tiles else "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return Template(_own("page.html")).substitute(
        title=html.escape(title),
        policy=html.escape("; ".join(f"{name} {value}" for name, value in policy.items()), quote=True),
        style=style,
        libraries="\n".join(f"<script>{each}</script>" for each in libraries),
        script=script,
        data=base64.b64encode(data).decode("ascii"),
    )


def _own(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def _vendored(name: str) -> str:
    """A library without the address of its source map, which the page does not hold."""
    text = (VENDOR / name).read_text(encoding="utf-8")
    return re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.M)


def _hash(text: str) -> str:
    """How a policy names a script or a style by its content."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
