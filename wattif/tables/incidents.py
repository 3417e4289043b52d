"""Incidents and what belongs to them: tables of a data set that `wattif incidents` writes, one file each."""

from __future__ import annotations

from dataclasses import dataclass

from wattif.tables.column import Column
from wattif.tables.table import Table


@dataclass(frozen=True, kw_only=True)
class IncidentTable(Table):
    """A table of such a data set: its files are called as it is. Its numbers are not negative."""

    in_order: tuple[str, ...] = ()  # columns of times, none of which is before an earlier one


_INCIDENT = Column("incident_number", "text", "the incident", references="incidents")
_CREATED = Column("created_at", "timestamp", "when it was written", unit="UTC")
_LATITUDE = Column("location_lat", "float", "where it is, WGS 84", unit="degrees")
_LONGITUDE = Column("location_lng", "float", "where it is, WGS 84", unit="degrees")
_WKT = Column("location_wkt", "text", "the same as well-known text: POINT(longitude latitude)")
_ADDRESS = (
    Column("address_line_1", "text", "street and number"),
    Column("address_line_2", "text", "unit of the building", nullable=True),
    Column("city", "text", "the city"),
    Column("region", "text", "state, province or region"),
    Column("postal_code", "text", "postal code, the same throughout a zone"),
)


def _lookup(name: str, description: str, *more: Column) -> IncidentTable:
    """A table of codes."""
    columns = (
        Column("code", "text", "the code"),
        Column("name", "text", "for people"),
        Column("description", "text", "what it means"),
        Column("rank", "number", "its place in the order, from 1", bits=32),
        *more,
    )
    return IncidentTable(name=name, description=description, columns=columns, key=("code",))


STATIONS = IncidentTable(
    name="stations",
    description="the stations whose units answer",
    columns=(
        Column("station_code", "text", "the station: the city's code and a number"),
        Column("name", "text", "for people"),
        Column("battalion", "text", "five stations form one"),
        *_ADDRESS,
        Column("phone", "text", "of a range that is reserved for fiction"),
        Column("is_active", "boolean", "in use at the end of the window"),
        Column("commissioned_on", "date", "first day in use"),
        Column("decommissioned_on", "date", "first day out of use; null: in use", nullable=True),
        Column("response_zone_code", "text", "the zone it is in", references="response_zones"),
        _LATITUDE,
        _LONGITUDE,
        _WKT,
        Column("coverage_radius_meters", "number", "how far its area reaches", unit="m", bits=32),
        _CREATED,
        Column("updated_at", "timestamp", "when it was changed last", unit="UTC"),
    ),
    key=("station_code",),
    in_order=("commissioned_on", "decommissioned_on"),
)

INCIDENTS = IncidentTable(
    name="incidents",
    description="what happened, in the order in which it occurred",
    columns=(
        Column("incident_number", "text", "the incident: the city's code and a number"),
        Column("external_reference", "text", "its number in the system of who reported it", nullable=True),
        Column("title", "text", "what and where, in a line"),
        Column("narrative", "text", "what happened, in some sentences"),
        Column("type_code", "text", "see `incident_types`", references="incident_types"),
        Column("severity_code", "text", "see `severities`", references="severities"),
        Column("status_code", "text", "at the end of the window, see `statuses`", references="statuses"),
        Column("source_code", "text", "who reported it, see `sources`", references="sources"),
        Column(
            "weather_condition_code", "text", "at the hour, see `weather_conditions`", references="weather_conditions"
        ),
        Column("primary_station_code", "text", "the station that answers", references="stations"),
        Column("occurrence_at", "timestamp", "when it happened", unit="UTC"),
        Column("reported_at", "timestamp", "when it became known", unit="UTC"),
        Column("dispatch_at", "timestamp", "when the first unit was sent", unit="UTC", nullable=True),
        Column("arrival_at", "timestamp", "when it arrived", unit="UTC", nullable=True),
        Column(
            "resolved_at",
            "timestamp",
            "when the work was done, power was back, or it was called off",
            unit="UTC",
            nullable=True,
        ),
        _LATITUDE,
        _LONGITUDE,
        _WKT,
        Column("location_geohash", "text", "the same as a geohash"),
        *_ADDRESS,
        Column("casualty_count", "number", "people hurt or taken ill", bits=32),
        Column("responder_injuries", "number", "of them, responders", bits=32),
        Column("estimated_damage_amount", "number", "damage, in the currency of the city", decimals=2, digits=14),
        Column("is_active", "boolean", "neither resolved nor called off"),
        Column("metadata", "json", "JSON: zone, transformer, customers without power, event of a lake, temperature"),
    ),
    key=("incident_number",),
    in_order=("occurrence_at", "reported_at", "dispatch_at", "arrival_at", "resolved_at"),
)

UNITS = IncidentTable(
    name="incident_units",
    description="which stations sent units, from when to when",
    columns=(
        _INCIDENT,
        Column("station_code", "text", "whose unit it is", references="stations"),
        Column("assignment_role", "text", "what it does: PRIMARY, SUPPORT, COMMAND"),
        Column("dispatched_at", "timestamp", "when it was sent", unit="UTC"),
        Column("cleared_at", "timestamp", "when it was free again; null: it is not", unit="UTC", nullable=True),
    ),
    in_order=("dispatched_at", "cleared_at"),
)

ASSETS = IncidentTable(
    name="incident_assets",
    description="what was concerned: transformers, hydrants, vehicles, …",
    columns=(
        _INCIDENT,
        Column("asset_identifier", "text", "the asset; of transformers and feeders, that of the network's tables"),
        Column("asset_type", "text", "see `asset_types`", references="asset_types"),
        Column("status", "text", "OPERATIONAL, DAMAGED, OUT_OF_SERVICE or REPLACED"),
        Column("notes", "text", "why it is in that state", nullable=True),
    ),
    key=("incident_number", "asset_identifier"),
)

NOTES = IncidentTable(
    name="incident_notes",
    description="what dispatchers and crews wrote meanwhile",
    columns=(_INCIDENT, Column("author", "text", "who wrote it"), Column("note", "text", "what was written"), _CREATED),
)

EVENTS = IncidentTable(
    name="incident_events",
    description="every transition of the workflow; replayed, they give the times and the status of `incidents`",
    columns=(
        _INCIDENT,
        Column("event_number", "number", "from 1, in order of time", bits=32),
        Column("from_state", "text", "the state before; null: there was none", nullable=True),
        Column("to_state", "text", "the state from then on"),
        Column("status_code", "text", "of the incident in that state, see `statuses`", references="statuses"),
        Column("actor", "text", "who acted, as the workflow says"),
        Column("occurred_at", "timestamp", "when it happened", unit="UTC"),
    ),
    key=("incident_number", "event_number"),
)

LOOKUPS = (
    _lookup(
        "incident_types",
        "what incidents are",
        Column("category", "text", "grid, fire, traffic, medical, utility, weather, rescue"),
        Column("anomaly_kind", "text", "as which it shows in the readings; empty: it does not"),
    ),
    _lookup("severities", "how bad incidents are"),
    _lookup("statuses", "how far they have come"),
    _lookup("sources", "who reports them"),
    _lookup("weather_conditions", "what the weather is like"),
    _lookup("asset_types", "what may be concerned"),
    _lookup(
        "response_zones",
        "the zones of the city",
        Column("customers", "number", "meters in it", bits=32),
        _LATITUDE,
        _LONGITUDE,
        _WKT,
    ),
)

TABLES = (STATIONS, INCIDENTS, UNITS, ASSETS, NOTES, EVENTS, *LOOKUPS)
