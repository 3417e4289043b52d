SET LOCAL search_path = wattif, public;

CREATE TABLE "incident_types" (
  "id" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "code" text NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL,
  "rank" integer NOT NULL CHECK ("rank" >= 0),
  "category" text NOT NULL,
  "anomaly_kind" text NOT NULL,
  UNIQUE ("code")
);
COMMENT ON TABLE "incident_types" IS 'what incidents are';
COMMENT ON COLUMN "incident_types"."code" IS 'the code';
COMMENT ON COLUMN "incident_types"."name" IS 'for people';
COMMENT ON COLUMN "incident_types"."description" IS 'what it means';
COMMENT ON COLUMN "incident_types"."rank" IS 'its place in the order, from 1';
COMMENT ON COLUMN "incident_types"."category" IS 'grid, fire, traffic, medical, utility, weather, rescue';
COMMENT ON COLUMN "incident_types"."anomaly_kind" IS 'as which it shows in the readings; empty: it does not';

CREATE TABLE "severities" (
  "id" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "code" text NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL,
  "rank" integer NOT NULL CHECK ("rank" >= 0),
  UNIQUE ("code")
);
COMMENT ON TABLE "severities" IS 'how bad incidents are';
COMMENT ON COLUMN "severities"."code" IS 'the code';
COMMENT ON COLUMN "severities"."name" IS 'for people';
COMMENT ON COLUMN "severities"."description" IS 'what it means';
COMMENT ON COLUMN "severities"."rank" IS 'its place in the order, from 1';

CREATE TABLE "statuses" (
  "id" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "code" text NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL,
  "rank" integer NOT NULL CHECK ("rank" >= 0),
  UNIQUE ("code")
);
COMMENT ON TABLE "statuses" IS 'how far they have come';
COMMENT ON COLUMN "statuses"."code" IS 'the code';
COMMENT ON COLUMN "statuses"."name" IS 'for people';
COMMENT ON COLUMN "statuses"."description" IS 'what it means';
COMMENT ON COLUMN "statuses"."rank" IS 'its place in the order, from 1';

CREATE TABLE "sources" (
  "id" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "code" text NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL,
  "rank" integer NOT NULL CHECK ("rank" >= 0),
  UNIQUE ("code")
);
COMMENT ON TABLE "sources" IS 'who reports them';
COMMENT ON COLUMN "sources"."code" IS 'the code';
COMMENT ON COLUMN "sources"."name" IS 'for people';
COMMENT ON COLUMN "sources"."description" IS 'what it means';
COMMENT ON COLUMN "sources"."rank" IS 'its place in the order, from 1';

CREATE TABLE "weather_conditions" (
  "id" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "code" text NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL,
  "rank" integer NOT NULL CHECK ("rank" >= 0),
  UNIQUE ("code")
);
COMMENT ON TABLE "weather_conditions" IS 'what the weather is like';
COMMENT ON COLUMN "weather_conditions"."code" IS 'the code';
COMMENT ON COLUMN "weather_conditions"."name" IS 'for people';
COMMENT ON COLUMN "weather_conditions"."description" IS 'what it means';
COMMENT ON COLUMN "weather_conditions"."rank" IS 'its place in the order, from 1';

CREATE TABLE "asset_types" (
  "id" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "code" text NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL,
  "rank" integer NOT NULL CHECK ("rank" >= 0),
  UNIQUE ("code")
);
COMMENT ON TABLE "asset_types" IS 'what may be concerned';
COMMENT ON COLUMN "asset_types"."code" IS 'the code';
COMMENT ON COLUMN "asset_types"."name" IS 'for people';
COMMENT ON COLUMN "asset_types"."description" IS 'what it means';
COMMENT ON COLUMN "asset_types"."rank" IS 'its place in the order, from 1';

CREATE TABLE "response_zones" (
  "id" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "code" text NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL,
  "rank" integer NOT NULL CHECK ("rank" >= 0),
  "customers" integer NOT NULL CHECK ("customers" >= 0),
  "location_lat" double precision NOT NULL CHECK ("location_lat" BETWEEN -90 AND 90),
  "location_lng" double precision NOT NULL CHECK ("location_lng" BETWEEN -180 AND 180),
  "location_wkt" text NOT NULL,
  UNIQUE ("code")
);
COMMENT ON TABLE "response_zones" IS 'the zones of the city';
COMMENT ON COLUMN "response_zones"."code" IS 'the code';
COMMENT ON COLUMN "response_zones"."name" IS 'for people';
COMMENT ON COLUMN "response_zones"."description" IS 'what it means';
COMMENT ON COLUMN "response_zones"."rank" IS 'its place in the order, from 1';
COMMENT ON COLUMN "response_zones"."customers" IS 'meters in it';
COMMENT ON COLUMN "response_zones"."location_lat" IS 'where it is, WGS 84, degrees';
COMMENT ON COLUMN "response_zones"."location_lng" IS 'where it is, WGS 84, degrees';
COMMENT ON COLUMN "response_zones"."location_wkt" IS 'the same as well-known text: POINT(longitude latitude)';

CREATE TABLE "stations" (
  "station_code" text NOT NULL,
  "name" text NOT NULL,
  "battalion" text NOT NULL,
  "address_line_1" text NOT NULL,
  "address_line_2" text,
  "city" text NOT NULL,
  "region" text NOT NULL,
  "postal_code" text NOT NULL,
  "phone" text NOT NULL,
  "is_active" boolean NOT NULL,
  "commissioned_on" date NOT NULL,
  "decommissioned_on" date,
  "response_zone_id" integer NOT NULL,
  "location_lat" double precision NOT NULL CHECK ("location_lat" BETWEEN -90 AND 90),
  "location_lng" double precision NOT NULL CHECK ("location_lng" BETWEEN -180 AND 180),
  "location_wkt" text NOT NULL,
  "coverage_radius_meters" integer NOT NULL CHECK ("coverage_radius_meters" >= 0),
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  PRIMARY KEY ("station_code"),
  CHECK ("commissioned_on" <= "decommissioned_on"),
  FOREIGN KEY ("response_zone_id") REFERENCES response_zones ("id") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "stations" IS 'the stations whose units answer';
COMMENT ON COLUMN "stations"."station_code" IS 'the station: the city''s code and a number';
COMMENT ON COLUMN "stations"."name" IS 'for people';
COMMENT ON COLUMN "stations"."battalion" IS 'five stations form one';
COMMENT ON COLUMN "stations"."address_line_1" IS 'street and number';
COMMENT ON COLUMN "stations"."address_line_2" IS 'unit of the building';
COMMENT ON COLUMN "stations"."city" IS 'the city';
COMMENT ON COLUMN "stations"."region" IS 'state, province or region';
COMMENT ON COLUMN "stations"."postal_code" IS 'postal code, the same throughout a zone';
COMMENT ON COLUMN "stations"."phone" IS 'of a range that is reserved for fiction';
COMMENT ON COLUMN "stations"."is_active" IS 'in use at the end of the window';
COMMENT ON COLUMN "stations"."commissioned_on" IS 'first day in use';
COMMENT ON COLUMN "stations"."decommissioned_on" IS 'first day out of use; null: in use';
COMMENT ON COLUMN "stations"."response_zone_id" IS 'the zone it is in';
COMMENT ON COLUMN "stations"."location_lat" IS 'where it is, WGS 84, degrees';
COMMENT ON COLUMN "stations"."location_lng" IS 'where it is, WGS 84, degrees';
COMMENT ON COLUMN "stations"."location_wkt" IS 'the same as well-known text: POINT(longitude latitude)';
COMMENT ON COLUMN "stations"."coverage_radius_meters" IS 'how far its area reaches, m';
COMMENT ON COLUMN "stations"."created_at" IS 'when it was written, UTC';
COMMENT ON COLUMN "stations"."updated_at" IS 'when it was changed last, UTC';

CREATE TABLE "incidents" (
  "incident_number" text NOT NULL,
  "external_reference" text,
  "title" text NOT NULL,
  "narrative" text NOT NULL,
  "type_id" integer NOT NULL,
  "severity_id" integer NOT NULL,
  "status_id" integer NOT NULL,
  "source_id" integer NOT NULL,
  "weather_condition_id" integer NOT NULL,
  "primary_station_code" text NOT NULL,
  "occurrence_at" timestamptz NOT NULL,
  "reported_at" timestamptz NOT NULL,
  "dispatch_at" timestamptz,
  "arrival_at" timestamptz,
  "resolved_at" timestamptz,
  "location_lat" double precision NOT NULL CHECK ("location_lat" BETWEEN -90 AND 90),
  "location_lng" double precision NOT NULL CHECK ("location_lng" BETWEEN -180 AND 180),
  "location_wkt" text NOT NULL,
  "location_geohash" text NOT NULL,
  "address_line_1" text NOT NULL,
  "address_line_2" text,
  "city" text NOT NULL,
  "region" text NOT NULL,
  "postal_code" text NOT NULL,
  "casualty_count" integer NOT NULL CHECK ("casualty_count" >= 0),
  "responder_injuries" integer NOT NULL CHECK ("responder_injuries" >= 0),
  "estimated_damage_amount" numeric(14,2) NOT NULL CHECK ("estimated_damage_amount" >= 0),
  "is_active" boolean NOT NULL,
  "metadata" jsonb NOT NULL,
  PRIMARY KEY ("incident_number"),
  CHECK ("occurrence_at" <= "reported_at"),
  CHECK ("occurrence_at" <= "dispatch_at"),
  CHECK ("occurrence_at" <= "arrival_at"),
  CHECK ("occurrence_at" <= "resolved_at"),
  CHECK ("reported_at" <= "dispatch_at"),
  CHECK ("reported_at" <= "arrival_at"),
  CHECK ("reported_at" <= "resolved_at"),
  CHECK ("dispatch_at" <= "arrival_at"),
  CHECK ("dispatch_at" <= "resolved_at"),
  CHECK ("arrival_at" <= "resolved_at"),
  FOREIGN KEY ("type_id") REFERENCES incident_types ("id") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("severity_id") REFERENCES severities ("id") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("status_id") REFERENCES statuses ("id") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("source_id") REFERENCES sources ("id") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("weather_condition_id") REFERENCES weather_conditions ("id") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("primary_station_code") REFERENCES stations ("station_code") DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ON "incidents" ("primary_station_code");
COMMENT ON TABLE "incidents" IS 'what happened, in the order in which it occurred';
COMMENT ON COLUMN "incidents"."incident_number" IS 'the incident: the city''s code and a number';
COMMENT ON COLUMN "incidents"."external_reference" IS 'its number in the system of who reported it';
COMMENT ON COLUMN "incidents"."title" IS 'what and where, in a line';
COMMENT ON COLUMN "incidents"."narrative" IS 'what happened, in some sentences';
COMMENT ON COLUMN "incidents"."type_id" IS 'see `incident_types`';
COMMENT ON COLUMN "incidents"."severity_id" IS 'see `severities`';
COMMENT ON COLUMN "incidents"."status_id" IS 'at the end of the window, see `statuses`';
COMMENT ON COLUMN "incidents"."source_id" IS 'who reported it, see `sources`';
COMMENT ON COLUMN "incidents"."weather_condition_id" IS 'at the hour, see `weather_conditions`';
COMMENT ON COLUMN "incidents"."primary_station_code" IS 'the station that answers';
COMMENT ON COLUMN "incidents"."occurrence_at" IS 'when it happened, UTC';
COMMENT ON COLUMN "incidents"."reported_at" IS 'when it became known, UTC';
COMMENT ON COLUMN "incidents"."dispatch_at" IS 'when the first unit was sent, UTC';
COMMENT ON COLUMN "incidents"."arrival_at" IS 'when it arrived, UTC';
COMMENT ON COLUMN "incidents"."resolved_at" IS 'when the work was done, power was back, or it was called off, UTC';
COMMENT ON COLUMN "incidents"."location_lat" IS 'where it is, WGS 84, degrees';
COMMENT ON COLUMN "incidents"."location_lng" IS 'where it is, WGS 84, degrees';
COMMENT ON COLUMN "incidents"."location_wkt" IS 'the same as well-known text: POINT(longitude latitude)';
COMMENT ON COLUMN "incidents"."location_geohash" IS 'the same as a geohash';
COMMENT ON COLUMN "incidents"."address_line_1" IS 'street and number';
COMMENT ON COLUMN "incidents"."address_line_2" IS 'unit of the building';
COMMENT ON COLUMN "incidents"."city" IS 'the city';
COMMENT ON COLUMN "incidents"."region" IS 'state, province or region';
COMMENT ON COLUMN "incidents"."postal_code" IS 'postal code, the same throughout a zone';
COMMENT ON COLUMN "incidents"."casualty_count" IS 'people hurt or taken ill';
COMMENT ON COLUMN "incidents"."responder_injuries" IS 'of them, responders';
COMMENT ON COLUMN "incidents"."estimated_damage_amount" IS 'damage, in the currency of the city';
COMMENT ON COLUMN "incidents"."is_active" IS 'neither resolved nor called off';
COMMENT ON COLUMN "incidents"."metadata" IS 'JSON: zone, transformer, customers without power, event of a lake, temperature';

CREATE TABLE "incident_units" (
  "incident_number" text NOT NULL,
  "station_code" text NOT NULL,
  "assignment_role" text NOT NULL,
  "dispatched_at" timestamptz NOT NULL,
  "cleared_at" timestamptz,
  CHECK ("dispatched_at" <= "cleared_at"),
  FOREIGN KEY ("incident_number") REFERENCES incidents ("incident_number") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("station_code") REFERENCES stations ("station_code") DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ON "incident_units" ("incident_number");
CREATE INDEX ON "incident_units" ("station_code");
COMMENT ON TABLE "incident_units" IS 'which stations sent units, from when to when';
COMMENT ON COLUMN "incident_units"."incident_number" IS 'the incident';
COMMENT ON COLUMN "incident_units"."station_code" IS 'whose unit it is';
COMMENT ON COLUMN "incident_units"."assignment_role" IS 'what it does: PRIMARY, SUPPORT, COMMAND';
COMMENT ON COLUMN "incident_units"."dispatched_at" IS 'when it was sent, UTC';
COMMENT ON COLUMN "incident_units"."cleared_at" IS 'when it was free again; null: it is not, UTC';

CREATE TABLE "incident_notes" (
  "incident_number" text NOT NULL,
  "author" text NOT NULL,
  "note" text NOT NULL,
  "created_at" timestamptz NOT NULL,
  FOREIGN KEY ("incident_number") REFERENCES incidents ("incident_number") DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ON "incident_notes" ("incident_number");
COMMENT ON TABLE "incident_notes" IS 'what dispatchers and crews wrote meanwhile';
COMMENT ON COLUMN "incident_notes"."incident_number" IS 'the incident';
COMMENT ON COLUMN "incident_notes"."author" IS 'who wrote it';
COMMENT ON COLUMN "incident_notes"."note" IS 'what was written';
COMMENT ON COLUMN "incident_notes"."created_at" IS 'when it was written, UTC';

CREATE TABLE "incident_events" (
  "incident_number" text NOT NULL,
  "event_number" integer NOT NULL CHECK ("event_number" >= 0),
  "from_state" text,
  "to_state" text NOT NULL,
  "status_id" integer NOT NULL,
  "actor" text NOT NULL,
  "occurred_at" timestamptz NOT NULL,
  PRIMARY KEY ("incident_number", "event_number"),
  FOREIGN KEY ("incident_number") REFERENCES incidents ("incident_number") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("status_id") REFERENCES statuses ("id") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "incident_events" IS 'every transition of the workflow; replayed, they give the times and the status of `incidents`';
COMMENT ON COLUMN "incident_events"."incident_number" IS 'the incident';
COMMENT ON COLUMN "incident_events"."event_number" IS 'from 1, in order of time';
COMMENT ON COLUMN "incident_events"."from_state" IS 'the state before; null: there was none';
COMMENT ON COLUMN "incident_events"."to_state" IS 'the state from then on';
COMMENT ON COLUMN "incident_events"."status_id" IS 'of the incident in that state, see `statuses`';
COMMENT ON COLUMN "incident_events"."actor" IS 'who acted, as the workflow says';
COMMENT ON COLUMN "incident_events"."occurred_at" IS 'when it happened, UTC';

CREATE TABLE "incident_assets" (
  "incident_number" text NOT NULL,
  "asset_identifier" text NOT NULL,
  "asset_type_id" integer NOT NULL,
  "status" text NOT NULL,
  "notes" text,
  PRIMARY KEY ("incident_number", "asset_identifier"),
  FOREIGN KEY ("incident_number") REFERENCES incidents ("incident_number") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("asset_type_id") REFERENCES asset_types ("id") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "incident_assets" IS 'what was concerned: transformers, hydrants, vehicles, …';
COMMENT ON COLUMN "incident_assets"."incident_number" IS 'the incident';
COMMENT ON COLUMN "incident_assets"."asset_identifier" IS 'the asset; of transformers and feeders, that of the network''s tables';
COMMENT ON COLUMN "incident_assets"."asset_type_id" IS 'see `asset_types`';
COMMENT ON COLUMN "incident_assets"."status" IS 'OPERATIONAL, DAMAGED, OUT_OF_SERVICE or REPLACED';
COMMENT ON COLUMN "incident_assets"."notes" IS 'why it is in that state';

DO $$ BEGIN IF to_regtype('geometry') IS NOT NULL THEN
  ALTER TABLE "response_zones"
    ADD COLUMN location geometry(Point, 4326) GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(location_lng, location_lat), 4326)) STORED;
  CREATE INDEX ON "response_zones" USING gist (location);
END IF; END $$;

DO $$ BEGIN IF to_regtype('geometry') IS NOT NULL THEN
  ALTER TABLE "stations"
    ADD COLUMN location geometry(Point, 4326) GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(location_lng, location_lat), 4326)) STORED;
  CREATE INDEX ON "stations" USING gist (location);
END IF; END $$;

DO $$ BEGIN IF to_regtype('geometry') IS NOT NULL THEN
  ALTER TABLE "incidents"
    ADD COLUMN location geometry(Point, 4326) GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(location_lng, location_lat), 4326)) STORED;
  CREATE INDEX ON "incidents" USING gist (location);
END IF; END $$;
