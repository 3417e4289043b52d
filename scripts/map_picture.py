"""Draw docs/images/map.png: the map of the default grid data set in Chromium, with the panel of a transformer open.

python -m scripts.map_picture
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from selenium.webdriver.common.keys import Keys

from tests.e2e.browser import Browser
from wattif.grid import GridSpec, generate_grid
from wattif.map import map_page

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "map.png"
SIZE = (1400, 800)
TRANSFORMER = "MNL_Z_005_T_0001"


def main() -> None:
    """Draw it."""
    grid = generate_grid(GridSpec())
    with tempfile.TemporaryDirectory(prefix="wattif-map-") as folder:
        page = Path(folder) / "map.html"
        text = map_page(grid.transformers, grid.meters, grid.anomaly_labels, title="generated_data")
        page.write_text(text, encoding="utf-8")
        browser = Browser(Path(folder))
        browser.open(page, SIZE)
        browser.find("#wanted").send_keys(TRANSFORMER, Keys.ENTER)
        browser.driver.save_screenshot(str(PICTURE))
        browser.driver.quit()


if __name__ == "__main__":
    main()
