"""A grid data set as a map: one page that needs no network."""

from wattif.map.page_text import Tiles, map_page
from wattif.map.write import check_place, write_page

__all__ = ["Tiles", "check_place", "map_page", "write_page"]
