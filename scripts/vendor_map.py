"""Copy the libraries of the map's page from npm into the package, in the versions that vendor/package-lock.json locks.

python -m scripts.vendor_map            fetch and copy them
python -m scripts.vendor_map --check    exit 1 when the copies are not those that npm has

For another version, change package.json there and renew the lock:
npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from wattif.map.page_text import VENDOR, VENDORED

LICENSES = {
    "d3-delaunay": "LICENSE",
    "delaunator": "LICENSE",  # part of d3-delaunay's file, as the next one is
    "robust-predicates": "LICENSE",
    "leaflet": "LICENSE",
    "leaflet.heat": "LICENSE",
    "leaflet.markercluster": "MIT-LICENCE.txt",
}
FILES = {
    **{name: name for name in VENDORED},
    **{f"{package}/{name}": f"{package}/LICENSE" for package, name in LICENSES.items()},
}  # from their path in npm's folder to that of the copy


def fetch(folder: Path) -> Path:
    """Install the locked versions into *folder*; npm compares them with the checksums of the lock."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(VENDOR / name, folder)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    return folder / "node_modules"


def different(modules: Path) -> list[str]:
    """The copies that are missing, or differ from what npm has in *modules*."""
    return [
        copy
        for name, copy in FILES.items()
        if not (VENDOR / copy).is_file() or (VENDOR / copy).read_bytes() != (modules / name).read_bytes()
    ]


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        modules = fetch(Path(folder))
        if arguments == ["--check"]:
            stale = different(modules)
            print(f"vendor: {', '.join(stale)}: python -m scripts.vendor_map" if stale else "vendor: as locked")
            return 1 if stale else 0
        for name, copy in FILES.items():
            (VENDOR / copy).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(modules / name, VENDOR / copy)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
