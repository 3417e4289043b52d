"""The map in Chromium: what a user sees and does, held against the tables that it was made from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from selenium.webdriver.common.keys import Keys

from tests.e2e.browser import DESKTOP, PHONE, Browser, needs_chromium
from wattif.grid import Grid, GridSpec, generate_grid
from wattif.map import Tiles, map_page

pytestmark = needs_chromium
SPEC = GridSpec(num_transformers=20, num_meters=400, num_months=4, num_zones=4, anomaly_rate=0.2)
NASTY = "<img src=x onerror=document.title='hit'>&amp;\"'</script><script>document.title='hit'</script>"


@pytest.fixture(scope="module")
def grid() -> Grid:
    return generate_grid(SPEC)


@pytest.fixture(scope="module")
def page(grid: Grid, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(grid, tmp_path_factory.mktemp("map") / "map.html")


def _written(grid: Grid, out: Path, **more: Any) -> Path:
    text = map_page(grid.transformers, grid.meters, grid.anomaly_labels, **{"title": "generated_data", **more})
    out.write_text(text, encoding="utf-8")
    return out


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.driver.quit()


@pytest.fixture
def browser(chromium: Browser, page: Path) -> Iterator[Browser]:
    """With the page open on a desktop; at the end, nothing was fetched and nothing went wrong."""
    chromium.requests()
    chromium.open(page)
    yield chromium
    assert chromium.complaints() == []
    assert {url for url in chromium.requests() if not url.startswith("data:")} == {page.as_uri()}


def _rows(table: pa.Table, name: str, value: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.filter(pc.equal(table[name], value)).to_pylist()
    return rows


def _numbers(text: str) -> list[float]:
    return [float(each.replace(",", "")) for each in re.findall(r"-?[\d,]*\d(?:\.\d+)?", text)]


def _shows(text: str, value: float, decimals: int = 1) -> bool:
    """Whether *text* is *value* rounded to so many decimals; a half may go either way."""
    written = text.replace(",", "")
    digits = written.partition(".")[2]
    return len(digits) == decimals and abs(float(written) - value) <= 0.5 * 10**-decimals + 1e-9


def _figures(browser: Browser, selector: str) -> dict[str, str]:
    """The names and texts of a list of figures."""
    items = browser.all(f"{selector} > dt, {selector} > dd")
    return {name.text: text.text for name, text in zip(items[::2], items[1::2], strict=True)}


def _search(browser: Browser, wanted: str) -> None:
    field = browser.find("#wanted")
    field.clear()
    field.send_keys(wanted, Keys.ENTER)


def test_the_page_counts_what_the_tables_hold(browser: Browser, grid: Grid) -> None:
    labelled = pc.count_distinct(grid.anomaly_labels["meter_id"]).as_py()
    assert browser.text("#counts") == f"20 transformers, 400 meters, {labelled} with a label, Jan 2024 to Apr 2024"
    circles = browser.all(".place")
    assert sum(int(circle.text) if "cluster" in str(circle.get_attribute("class")) else 1 for circle in circles) == 20
    zones = {each.text for each in browser.all(".zone")}
    assert zones <= set(grid.transformers["zone_id"].to_pylist())
    assert zones


def _circles(browser: Browser) -> dict[str, str]:
    """What the circles say of themselves, and their color."""
    script = """return [...document.querySelectorAll('.place')].map(
        (each) => [each.getAttribute('aria-label'), getComputedStyle(each.firstChild).backgroundColor])"""
    return dict(browser.script(script))


def _expected_color(legend: dict[str, str], percent: float) -> str:
    """The color of the class that *percent* is in, by the texts of the legend."""
    for text, color in legend.items():
        numbers = _numbers(text.replace("\u2013", " "))
        if text.startswith("over"):
            return color
        if percent <= numbers[-1]:
            return color
    raise AssertionError(legend)


def _legend(browser: Browser) -> dict[str, str]:
    script = """return [...document.querySelectorAll('.legend li')].map(
        (each) => [each.textContent, getComputedStyle(each.firstChild).backgroundColor])"""
    return dict(browser.script(script))


def test_colors_tell_utilization_or_labels(browser: Browser, grid: Grid) -> None:
    for name in ("Utilization", "Meters with a label"):
        browser.find(f"#colors label:nth-of-type({1 if name == 'Utilization' else 2})").click()
        legend, circles = _legend(browser), _circles(browser)
        assert (
            browser.text(".legend h2")
            == {
                "Utilization": "Utilization at the peak",
                "Meters with a label": "Share of meters with a label",
            }[name]
        )
        assert len(legend) == len(set(legend.values())) == 6
        singles = [label for label in circles if not re.match(r"\d+ transformers", label)]
        assert singles
        for label in singles:
            transformer, _, told = label.partition(": ")
            assert _shows(_percent(told), _share(grid, name, [transformer]) * 100)
            assert circles[label] == _expected_color(legend, _share(grid, name, [transformer]) * 100)
        assert len(set(circles.values())) > 1


def _percent(told: str) -> str:
    match = re.search(r"([\d.,]+) %", told)
    assert match is not None, told
    return match[1]


def _share(grid: Grid, name: str, transformers: list[str]) -> float:
    """The mean utilization of some transformers, or the share of their meters with a label."""
    if name == "Utilization":
        rows = [row for each in transformers for row in _rows(grid.transformers, "transformer_id", each)]
        return sum(float(row["utilization"]) for row in rows) / len(rows)
    labelled = set(grid.anomaly_labels["meter_id"].to_pylist())
    meters = [row["meter_id"] for each in transformers for row in _rows(grid.meters, "transformer_id", each)]
    return len(labelled.intersection(meters)) / len(meters)


def test_a_cluster_has_the_color_of_its_mean(browser: Browser, grid: Grid) -> None:
    for _ in range(12):  # out, until all are one cluster
        browser.find(".leaflet-control-zoom-out").click()
        if len(browser.all(".place")) == 1:
            break
    everything = grid.transformers["transformer_id"].to_pylist()
    for place, name in ((1, "Utilization"), (2, "Meters with a label")):
        browser.find(f"#colors label:nth-of-type({place})").click()
        ((label, color),) = _circles(browser).items()
        assert label.startswith(f"20 transformers: {name.lower()} ")
        share = _share(grid, name, everything) * 100
        assert _shows(_percent(label), share)
        assert color == _expected_color(_legend(browser), share)


def test_a_click_opens_a_transformer_and_its_meters(browser: Browser, grid: Grid) -> None:
    while not browser.all(".transformer"):
        browser.find(".cluster").click()
    circle = browser.find(".transformer")
    transformer = str(circle.get_attribute("aria-label")).partition(":")[0]
    circle.click()
    assert browser.text("#panel-title") == transformer
    (row,) = _rows(grid.transformers, "transformer_id", transformer)
    meters = _rows(grid.meters, "transformer_id", transformer)
    figures = _figures(browser, "#panel > dl")
    assert figures["Zone"] == row["zone_id"]
    assert figures["Meters"] == str(row["num_meters"]) == str(len(meters))
    assert _shows(figures["Capacity"].split()[0], row["capacity_kva"])
    assert _shows(figures["Peak load"].split()[0], row["peak_load_kw"])
    assert _shows(figures["Utilization"].split()[0], row["utilization"] * 100)
    assert _shows(figures["Energy"].split()[0], row["load_kwh"])
    browser.find("#panel > details > summary").click()
    lines = [each.text.split() for each in browser.all("#panel > details tbody tr")]
    assert [line[:2] for line in lines] == [["Jan", "2024"], ["Feb", "2024"], ["Mar", "2024"], ["Apr", "2024"]]
    for number, line in enumerate(lines, 1):
        assert _shows(line[2], row[f"monthly_load_kwh_2024_{number:02}"])
        assert _shows(line[3], row[f"monthly_peak_kw_2024_{number:02}"])
        assert _shows(line[4], row[f"monthly_utilization_2024_{number:02}"] * 100)
    told = _meters(browser)
    assert sorted(told) == sorted(meter["meter_id"] for meter in meters)
    for meter in meters:
        _is_as_in_the_tables(told[meter["meter_id"]], meter, _rows(grid.anomaly_labels, "meter_id", meter["meter_id"]))


def _meters(browser: Browser) -> dict[str, dict[str, Any]]:
    """What the panel tells of each meter when all are unfolded."""
    script = """
        document.querySelectorAll('.meters summary').forEach((each) => each.click());
        return new Promise((done) => setTimeout(() => done(
            [...document.querySelectorAll('.meters li')].map((each) => ({
                id: each.querySelector('.id').textContent,
                note: each.querySelector('.note').textContent,
                chips: [...each.querySelectorAll('summary .chip')].map((chip) => chip.textContent),
                points: each.querySelector('polyline').getAttribute('points'),
                bands: each.querySelectorAll('.band').length,
                mac: each.querySelector('.mac').textContent,
                months: [...each.querySelectorAll('tbody .number')].map((cell) => cell.textContent),
                events: [...each.querySelectorAll('.event')].map(
                    (event) => [...event.querySelectorAll('dd')].map((text) => text.textContent)),
            }))), 100))"""
    return {each["id"]: each for each in browser.script(script)}


def _is_as_in_the_tables(told: dict[str, Any], meter: dict[str, Any], labels: list[dict[str, Any]]) -> None:
    kwh = [meter[f"monthly_consumption_2024_{number:02}"] for number in range(1, 5)]
    assert told["mac"] == meter["mac"]
    assert told["note"].startswith(f"{meter['customer_class']}; Apr 2024: ")
    assert [_shows(text, value) for text, value in zip(told["months"], kwh, strict=True)] == [True] * 4
    heights = [28 - float(point.split(",")[1]) for point in told["points"].split()]  # over zero, of 26 pixels
    assert heights == pytest.approx([26 * value / max(kwh) for value in kwh], abs=0.1)
    assert sorted(told["chips"]) == sorted(f"{label['kind']}: {label['risk_band']}" for label in labels)
    touched = {month for label in labels for month in range(label["start"].month, label["end"].month + 1)}
    assert told["bands"] == len(touched)
    for event, label in zip(told["events"], labels, strict=True):
        assert event[0] == f"{label['kind']}: {label['risk_band']}"
        assert event[1] == f"{label['start']:%Y-%m-%d %H:%M} UTC"
        assert event[2] == f"{label['end']:%Y-%m-%d %H:%M} UTC"
        assert _shows(event[3].split()[0], label["energy_kwh"])
        assert _shows(event[4].split()[0].replace("\u2212", "-"), label["not_registered_kwh"])


def test_meters_with_labels_come_first_the_highest_risk_above(browser: Browser, grid: Grid) -> None:
    counts = pc.value_counts(grid.anomaly_labels["transformer_id"]).to_pylist()
    _search(browser, max(counts, key=lambda each: each["counts"])["values"])
    browser.find(".meters")
    order = ["High", "Medium", "Low", ""]
    ranks = [
        min([order.index(chip.split(": ")[1]) for chip in meter["chips"]], default=3)
        for meter in _meters(browser).values()
    ]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) > 1


@pytest.mark.parametrize("column", ["transformer_id", "meter_id", "mac"])
def test_search_finds_by_any_id(browser: Browser, grid: Grid, column: str) -> None:
    meter = grid.meters.slice(321, 1).to_pylist()[0]
    _search(browser, str(meter[column]).lower())
    browser.wait(lambda: browser.text("#panel-title") == meter["transformer_id"])
    assert browser.find(".transformer.chosen")
    if column != "transformer_id":
        assert browser.text(".meters details[open] .id") == meter["meter_id"]
        assert browser.text(".meters details[open] .mac") == meter["mac"]


def test_search_says_when_there_is_nothing(browser: Browser) -> None:
    _search(browser, "nowhere")
    assert browser.text("#found-none") == "Nothing has nowhere in its id"
    assert not browser.find("#map").find_elements("css selector", ".chosen")


def test_the_heat_map_comes_and_goes(browser: Browser) -> None:
    painted = """
        const canvas = document.querySelector('canvas.leaflet-heatmap-layer');
        if (!canvas) { return 0; }
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        return pixels.filter((part, place) => place % 4 === 3 && part > 0).length"""
    assert browser.script(painted) == 0
    browser.find("#heat").click()
    browser.wait(lambda: browser.script(painted) > 1000)
    assert "Demand, mean month" in browser.text(".legend")
    browser.find("#heat").click()
    browser.wait(lambda: browser.script(painted) == 0)
    assert "Demand" not in browser.text(".legend")


def test_all_of_it_by_keyboard(browser: Browser) -> None:
    browser.script("document.body.tabIndex = -1; document.body.focus()")
    order = ["#wanted", "#colors input", "#heat", "#map"]
    for selector in order:
        assert browser.tab_to(selector, most=1).is_displayed()
    while not browser.all(".transformer"):
        browser.tab_to(".cluster").send_keys(Keys.ENTER)
    circle = browser.tab_to(".transformer")
    outline = browser.script("return getComputedStyle(document.activeElement).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2
    name = str(circle.get_attribute("aria-label")).partition(":")[0]
    browser.press(Keys.ENTER)
    assert browser.text("#panel-title") == name
    assert browser.focused.get_attribute("id") == "panel-title"
    browser.press(Keys.TAB)
    assert browser.focused.text == "Close"
    summary = browser.tab_to(".meters summary")
    browser.press(Keys.ENTER)
    assert browser.text(".meters details[open] .mac")
    assert summary.is_displayed()
    browser.press(Keys.ESCAPE)
    browser.wait(lambda: not browser.find("body").find_element("id", "panel").is_displayed())
    assert str(browser.focused.get_attribute("aria-label")).startswith(name)


def test_suggestions_by_keyboard(browser: Browser, grid: Grid) -> None:
    transformer = grid.transformers["transformer_id"][0].as_py()
    browser.find("#wanted").send_keys(transformer)
    browser.find("#found button")
    browser.press(Keys.ARROW_DOWN)
    browser.press(Keys.ARROW_DOWN)
    chosen = browser.focused.text.split()[0]
    assert chosen.startswith(f"{transformer}_M_")
    browser.press(Keys.ENTER)
    browser.wait(lambda: browser.text("#panel-title") == transformer)
    assert browser.text(".meters details[open] .id") == chosen


def test_on_a_phone_the_panel_is_below_the_map(browser: Browser, page: Path) -> None:
    browser.open(page, PHONE)
    assert not browser.script("return document.querySelector('.legend').open")
    _search(browser, "T_0001")
    browser.find("#panel")
    box = """const box = document.querySelector(arguments[0]).getBoundingClientRect();
        return [box.left, box.right, box.top, box.bottom]"""
    _, right, top, _ = browser.script(box, "#panel")
    left, _, _, bottom = browser.script(box, "#map")
    assert (left, right) == (0, 390)
    assert top >= bottom - 1
    assert browser.script("return document.documentElement.scrollWidth") == 390
    small = """
        const touched = document.querySelectorAll('button, summary, #wanted, header label:not(.spoken), .place');
        const boxes = [...touched].map((each) => each.getBoundingClientRect());
        return boxes.filter((box) => box.height && Math.min(box.width, box.height) < 32).length"""
    assert browser.script(small) == 0


def test_cities_are_named_from_afar_and_zones_from_near(chromium: Browser, tmp_path: Path) -> None:
    small = {"num_transformers": 4, "num_meters": 40, "num_months": 1, "num_zones": 2}
    cities = [generate_grid(GridSpec(city=city, **small)) for city in ("manila", "london")]
    both = Grid(
        transformers=pa.concat_tables(each.transformers for each in cities),
        meters=pa.concat_tables(each.meters for each in cities),
        anomaly_labels=pa.concat_tables(each.anomaly_labels for each in cities),
    )
    chromium.open(_written(both, tmp_path / "map.html"))
    assert {each.text for each in chromium.all(".zone")} == {"manila", "london"}
    assert chromium.text("#counts").startswith("8 transformers, 80 meters, ")
    assert chromium.text("#counts").endswith(", Jan 2024")
    _search(chromium, "LON_Z_001_T_0001")
    chromium.find("#panel")
    names = {str(each.get_attribute("textContent")) for each in chromium.all(".zone")}
    assert {"LON_Z_001", "LON_Z_002"} <= names <= set(both.transformers["zone_id"].to_pylist())
    assert chromium.complaints() == []


def test_transformers_at_one_place_open_like_a_fan(chromium: Browser, grid: Grid, tmp_path: Path) -> None:
    def moved(table: pa.Table, name: str) -> pa.Table:
        values = pa.array([table[name][0].as_py()] * table.num_rows)
        return table.set_column(table.column_names.index(name), table.schema.field(name), values)

    transformers = moved(moved(grid.transformers, "latitude"), "longitude")
    chromium.open(_written(replace(grid, transformers=transformers), tmp_path / "map.html"))
    for _ in range(20):  # as long as coming nearer changes anything
        if chromium.all(".transformer"):
            break
        chromium.find(".cluster").click()
    assert len(chromium.all(".transformer")) == 20
    circle = chromium.all(".transformer")[11]
    name = str(circle.get_attribute("aria-label")).partition(":")[0]
    circle.click()
    assert chromium.text("#panel-title") == name
    assert chromium.complaints() == []


def test_the_focus_returns_to_the_map_when_the_circle_is_in_a_cluster(browser: Browser, grid: Grid) -> None:
    _search(browser, grid.transformers["transformer_id"][7].as_py())
    browser.find("#panel")
    while browser.all(".transformer.chosen"):
        browser.find(".leaflet-control-zoom-out").click()
    browser.find("#panel button").click()
    assert not browser.all("#panel:not([hidden])")
    assert browser.focused.get_attribute("id") == "map"


def test_texts_of_the_data_are_texts(chromium: Browser, tmp_path: Path) -> None:
    small = generate_grid(GridSpec(num_transformers=1, num_meters=10, num_months=1, num_zones=1, anomaly_rate=1))

    def nasty(table: pa.Table, *names: str) -> pa.Table:
        for name in names:
            values = [f"{NASTY}{row if name.endswith('_id') else ''}" for row in range(table.num_rows)]
            if name != "meter_id":
                values = [f"{NASTY}{name}"] * table.num_rows
            table = table.set_column(table.column_names.index(name), table.schema.field(name), pa.array(values))
        return table

    meters = nasty(small.meters, "meter_id", "mac", "transformer_id", "customer_class")
    ids = dict(zip(small.meters["meter_id"].to_pylist(), meters["meter_id"].to_pylist(), strict=True))
    labels = nasty(small.anomaly_labels, "kind", "risk_band")
    owners = pa.array([ids[each] for each in labels["meter_id"].to_pylist()])
    labels = labels.set_column(labels.column_names.index("meter_id"), labels.schema.field("meter_id"), owners)
    grid = replace(
        small,
        transformers=nasty(small.transformers, "transformer_id", "zone_id"),
        meters=meters,
        anomaly_labels=labels,
    )
    page = _written(grid, tmp_path / "map.html", title=NASTY)
    chromium.open(page)
    assert chromium.driver.title == f"Map: {NASTY}"
    assert chromium.text("h1") == NASTY
    assert chromium.text(".zone") == f"{NASTY}zone_id"
    _search(chromium, "onerror")
    chromium.wait(lambda: chromium.text("#panel-title") == f"{NASTY}transformer_id")
    told = _meters(chromium)
    assert sorted(told) == sorted(ids.values())
    assert {each["mac"] for each in told.values()} == {f"{NASTY}mac"}
    assert not chromium.all("img")
    assert chromium.complaints() == []


def test_a_browser_that_cannot_unpack_says_so(chromium: Browser, page: Path) -> None:
    script = {"source": "delete window.DecompressionStream"}
    added = chromium.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
    try:
        chromium.driver.get(page.as_uri())
        assert chromium.text("#message").startswith("This browser cannot unpack the data of this page. Open it with ")
    finally:
        chromium.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_tiles_are_asked_for_and_owed_to_somebody(chromium: Browser, grid: Grid, tmp_path: Path) -> None:
    tiles = Tiles(url="http://127.0.0.1:9/{z}/{x}/{y}.png", attribution="Tiles <b>of</b> nobody")
    chromium.requests()
    chromium.open(_written(grid, tmp_path / "map.html", tiles=tiles), DESKTOP)
    assert chromium.text(".leaflet-control-attribution") == "Tiles <b>of</b> nobody"
    asked = {url for url in chromium.requests() if url.startswith("http")}
    assert asked
    assert all(re.fullmatch(r"http://127\.0\.0\.1:9/\d+/\d+/\d+\.png", url) for url in asked)
    assert {each.partition(" ")[0].rpartition(".")[2] for each in chromium.complaints()} == {"png"}
