SET LOCAL search_path = wattif, public;

-- Where PostGIS is there to be had, and this role may have it, places are points; else they are texts and numbers.
DO $$ BEGIN
  IF to_regtype('geometry') IS NULL AND current_setting('is_superuser') = 'on'
    AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgis') THEN
    CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;
  END IF;
END $$;

CREATE TABLE "zones" (
  "zone_id" text,
  "city_id" text,
  "latitude" double precision CHECK ("latitude" BETWEEN -90 AND 90),
  "longitude" double precision CHECK ("longitude" BETWEEN -180 AND 180),
  "num_transformers" integer,
  location_wkt text GENERATED ALWAYS AS ('POINT(' || longitude || ' ' || latitude || ')') STORED,
  UNIQUE ("city_id", "zone_id")
);
COMMENT ON TABLE "zones" IS 'the zones of each city: barangays, boroughs, wards';
COMMENT ON COLUMN "zones"."zone_id" IS 'the zone: the city''s code and a number';
COMMENT ON COLUMN "zones"."city_id" IS 'the city it is in';
COMMENT ON COLUMN "zones"."latitude" IS 'where it is, degrees';
COMMENT ON COLUMN "zones"."longitude" IS 'where it is, degrees';
COMMENT ON COLUMN "zones"."num_transformers" IS 'transformers of this fleet';

CREATE TABLE "smart_meter_anomalies" (
  "mac" text NOT NULL,
  "time_hour_rolled" timestamptz NOT NULL,
  "metric" text NOT NULL,
  "value" double precision,
  "is_anomaly" boolean,
  "anomaly_probability" double precision,
  "lower_bound" double precision,
  "upper_bound" double precision,
  PRIMARY KEY ("mac", "time_hour_rolled", "metric") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "smart_meter_anomalies" IS 'hours that the scan flagged, and hours that it could not judge';
COMMENT ON COLUMN "smart_meter_anomalies"."mac" IS 'the meter''s MAC address';
COMMENT ON COLUMN "smart_meter_anomalies"."time_hour_rolled" IS 'the hour, by the meter''s own clock, UTC';
COMMENT ON COLUMN "smart_meter_anomalies"."metric" IS 'AVG: consumption_avg, MAX: consumption_max';
COMMENT ON COLUMN "smart_meter_anomalies"."value" IS 'of the metric, Wh; NULL for an hour without readings, or without values in them';
COMMENT ON COLUMN "smart_meter_anomalies"."is_anomaly" IS 'NULL: no verdict';
COMMENT ON COLUMN "smart_meter_anomalies"."anomaly_probability" IS 'an hour is an anomaly above the threshold';
COMMENT ON COLUMN "smart_meter_anomalies"."lower_bound" IS 'an hour below it is an anomaly, Wh';
COMMENT ON COLUMN "smart_meter_anomalies"."upper_bound" IS 'an hour above it is an anomaly, Wh';

CREATE TABLE "smart_meter_bad_records" (
  "dt" date,
  "file" text,
  "line" bigint,
  "error" text,
  "content" text
);
COMMENT ON TABLE "smart_meter_bad_records" IS 'lines of the lake that are no readings';
COMMENT ON COLUMN "smart_meter_bad_records"."dt" IS 'the partition (UTC day) of the lake that it came from';
COMMENT ON COLUMN "smart_meter_bad_records"."file" IS 'object, relative to the lake''s prefix';
COMMENT ON COLUMN "smart_meter_bad_records"."line" IS 'its line in the file, from 1';
COMMENT ON COLUMN "smart_meter_bad_records"."error" IS 'what is wrong with it';
COMMENT ON COLUMN "smart_meter_bad_records"."content" IS 'its first 200 characters';

CREATE TABLE "smart_meter_readings_hour_rolled" (
  "mac" text NOT NULL,
  "time_hour_rolled" timestamptz NOT NULL,
  "consumption_hour_rolled" numeric(18,3),
  "consumption_avg" double precision,
  "consumption_max" numeric(18,3),
  "readings" bigint,
  PRIMARY KEY ("mac", "time_hour_rolled") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "smart_meter_readings_hour_rolled" IS 'readings by meter and hour, each timestamp of a meter counted once';
COMMENT ON COLUMN "smart_meter_readings_hour_rolled"."mac" IS 'the meter''s MAC address';
COMMENT ON COLUMN "smart_meter_readings_hour_rolled"."time_hour_rolled" IS 'the hour, by the meter''s own clock, UTC';
COMMENT ON COLUMN "smart_meter_readings_hour_rolled"."consumption_hour_rolled" IS 'sum of consumption_wh, Wh';
COMMENT ON COLUMN "smart_meter_readings_hour_rolled"."consumption_avg" IS 'mean consumption_wh of the hour''s readings, Wh';
COMMENT ON COLUMN "smart_meter_readings_hour_rolled"."consumption_max" IS 'largest consumption_wh, Wh';
COMMENT ON COLUMN "smart_meter_readings_hour_rolled"."readings" IS 'how many readings the hour has; hours without any have no row';

CREATE TABLE "smart_meter_readings" (
  "mac" text NOT NULL,
  "timestamp" timestamptz NOT NULL,
  "consumption_wh" numeric(18,3),
  "power_w" bigint,
  "voltage_v" numeric(18,1),
  "current_a" numeric(18,2),
  "power_factor" numeric(18,3),
  "frequency_hz" numeric(18,3),
  "register_kwh" numeric(18,3),
  "status" bigint,
  "city_id" text,
  "export_wh" numeric(18,3),
  "export_register_kwh" numeric(18,3),
  "seq" bigint,
  "dt" date NOT NULL
) PARTITION BY RANGE (dt);
CREATE INDEX ON "smart_meter_readings" USING brin ("timestamp");
COMMENT ON TABLE "smart_meter_readings" IS 'readings as delivered';
COMMENT ON COLUMN "smart_meter_readings"."mac" IS 'the meter: a locally administered unicast MAC address';
COMMENT ON COLUMN "smart_meter_readings"."timestamp" IS 'start of the interval, RFC 3339, UTC';
COMMENT ON COLUMN "smart_meter_readings"."consumption_wh" IS 'energy imported in the interval, Wh';
COMMENT ON COLUMN "smart_meter_readings"."power_w" IS 'mean active power of the interval; negative where a meter has the wrong sign, W';
COMMENT ON COLUMN "smart_meter_readings"."voltage_v" IS 'voltage, V';
COMMENT ON COLUMN "smart_meter_readings"."current_a" IS 'current, A';
COMMENT ON COLUMN "smart_meter_readings"."power_factor" IS 'active over apparent power';
COMMENT ON COLUMN "smart_meter_readings"."frequency_hz" IS 'mains frequency, shared by the whole grid, Hz';
COMMENT ON COLUMN "smart_meter_readings"."register_kwh" IS 'import register at the end of the interval, kWh';
COMMENT ON COLUMN "smart_meter_readings"."status" IS 'quality flags, summed: 0 good, 1 voltage outside its limits, 2 no supply, 4 first after a power cut, 8 clock not set, 16 estimated, 32 register reset, 64 cover opened';
COMMENT ON COLUMN "smart_meter_readings"."city_id" IS 'the city that the meter is in';
COMMENT ON COLUMN "smart_meter_readings"."export_wh" IS 'energy exported in the interval, Wh';
COMMENT ON COLUMN "smart_meter_readings"."export_register_kwh" IS 'export register at the end of the interval, kWh';
COMMENT ON COLUMN "smart_meter_readings"."seq" IS 'number of the interval since the dataset''s epoch, without gaps';
COMMENT ON COLUMN "smart_meter_readings"."dt" IS 'the partition (UTC day) of the lake that it came from';

CREATE TABLE "wattif_tables" (
  "name" text NOT NULL,
  "fingerprint" text,
  "rows" bigint,
  "loaded_at" timestamptz,
  PRIMARY KEY ("name") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "wattif_tables" IS 'the tables that are loaded whole, one row each';
COMMENT ON COLUMN "wattif_tables"."name" IS 'the table';
COMMENT ON COLUMN "wattif_tables"."fingerprint" IS 'size and CRC32C of its file';
COMMENT ON COLUMN "wattif_tables"."rows" IS 'rows that were loaded';
COMMENT ON COLUMN "wattif_tables"."loaded_at" IS 'when';

CREATE TABLE "wattif_loads" (
  "dt" date NOT NULL,
  "load_id" text,
  "dataset" text,
  "fingerprint" text,
  "files" bigint,
  "rows" bigint,
  "bad_records" bigint,
  "first_time" timestamptz,
  "last_time" timestamptz,
  "loaded_at" timestamptz,
  "rolled_up" boolean,
  PRIMARY KEY ("dt") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "wattif_loads" IS 'the days that are loaded, one row each';
COMMENT ON COLUMN "wattif_loads"."dt" IS 'the partition (UTC day) of the lake that it came from';
COMMENT ON COLUMN "wattif_loads"."load_id" IS 'of the load that brought it';
COMMENT ON COLUMN "wattif_loads"."dataset" IS 'fingerprint of the lake''s dataset';
COMMENT ON COLUMN "wattif_loads"."fingerprint" IS 'SHA-256 of the day''s manifests';
COMMENT ON COLUMN "wattif_loads"."files" IS 'files that were read';
COMMENT ON COLUMN "wattif_loads"."rows" IS 'readings that were loaded';
COMMENT ON COLUMN "wattif_loads"."bad_records" IS 'lines that were no readings';
COMMENT ON COLUMN "wattif_loads"."first_time" IS 'earliest timestamp that the day has ever held';
COMMENT ON COLUMN "wattif_loads"."last_time" IS 'latest timestamp that the day has ever held';
COMMENT ON COLUMN "wattif_loads"."loaded_at" IS 'when';
COMMENT ON COLUMN "wattif_loads"."rolled_up" IS 'whether the hours and months hold it';

CREATE TABLE "smart_meter_consumption_monthly" (
  "mac" text NOT NULL,
  "month" date NOT NULL,
  "consumption_wh" numeric(18,3),
  "readings" bigint,
  PRIMARY KEY ("mac", "month") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "smart_meter_consumption_monthly" IS 'consumption by meter and month';
COMMENT ON COLUMN "smart_meter_consumption_monthly"."mac" IS 'the meter''s MAC address';
COMMENT ON COLUMN "smart_meter_consumption_monthly"."month" IS 'first day of the month, by the meter''s own clock, UTC';
COMMENT ON COLUMN "smart_meter_consumption_monthly"."consumption_wh" IS 'sum of consumption_wh, Wh';
COMMENT ON COLUMN "smart_meter_consumption_monthly"."readings" IS 'how many readings the month has';

CREATE TABLE "smart_meter_scans" (
  "metric" text NOT NULL,
  "threshold" double precision,
  "train_from" date,
  "train_until" date,
  "scan_from" date,
  "scan_until" date,
  "hours" bigint,
  "anomalies" bigint,
  "no_verdict" bigint,
  "without_value" bigint,
  "scanned_at" timestamptz,
  PRIMARY KEY ("metric") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "smart_meter_scans" IS 'what the last scan of each metric judged';
COMMENT ON COLUMN "smart_meter_scans"."metric" IS 'AVG or MAX';
COMMENT ON COLUMN "smart_meter_scans"."threshold" IS 'probability above which an hour is an anomaly';
COMMENT ON COLUMN "smart_meter_scans"."train_from" IS 'first day (UTC) of the training';
COMMENT ON COLUMN "smart_meter_scans"."train_until" IS 'last day (UTC) of the training';
COMMENT ON COLUMN "smart_meter_scans"."scan_from" IS 'first day (UTC) that was judged';
COMMENT ON COLUMN "smart_meter_scans"."scan_until" IS 'last day (UTC) that was judged';
COMMENT ON COLUMN "smart_meter_scans"."hours" IS 'hours of meters that were to be judged';
COMMENT ON COLUMN "smart_meter_scans"."anomalies" IS 'of them anomalies';
COMMENT ON COLUMN "smart_meter_scans"."no_verdict" IS 'of them without a verdict';
COMMENT ON COLUMN "smart_meter_scans"."without_value" IS 'of those without a verdict: no reading came, or none had a value';
COMMENT ON COLUMN "smart_meter_scans"."scanned_at" IS 'when';

CREATE TABLE "substations" (
  "substation_id" text,
  "zone_id" text,
  "city_id" text,
  "latitude" double precision CHECK ("latitude" BETWEEN -90 AND 90),
  "longitude" double precision CHECK ("longitude" BETWEEN -180 AND 180),
  "num_feeders" integer,
  location_wkt text GENERATED ALWAYS AS ('POINT(' || longitude || ' ' || latitude || ')') STORED,
  UNIQUE ("city_id", "substation_id"),
  FOREIGN KEY ("city_id", "zone_id") REFERENCES zones ("city_id", "zone_id") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "substations" IS 'the substations: each feeds a part of a zone';
COMMENT ON COLUMN "substations"."substation_id" IS 'the substation: its zone and a number';
COMMENT ON COLUMN "substations"."zone_id" IS 'the zone it is in';
COMMENT ON COLUMN "substations"."city_id" IS 'the city it is in';
COMMENT ON COLUMN "substations"."latitude" IS 'where it is, degrees';
COMMENT ON COLUMN "substations"."longitude" IS 'where it is, degrees';
COMMENT ON COLUMN "substations"."num_feeders" IS 'feeders of this fleet';

CREATE TABLE "feeders" (
  "feeder_id" text,
  "substation_id" text,
  "zone_id" text,
  "city_id" text,
  "num_transformers" integer,
  UNIQUE ("city_id", "feeder_id"),
  FOREIGN KEY ("city_id", "zone_id") REFERENCES zones ("city_id", "zone_id") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("city_id", "substation_id") REFERENCES substations ("city_id", "substation_id") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "feeders" IS 'the feeders: each leads from a substation to transformers';
COMMENT ON COLUMN "feeders"."feeder_id" IS 'the feeder: its zone and a number';
COMMENT ON COLUMN "feeders"."substation_id" IS 'the substation that feeds it';
COMMENT ON COLUMN "feeders"."zone_id" IS 'the zone it is in';
COMMENT ON COLUMN "feeders"."city_id" IS 'the city it is in';
COMMENT ON COLUMN "feeders"."num_transformers" IS 'transformers of this fleet';

CREATE TABLE "transformers" (
  "transformer_id" text,
  "transformer" integer,
  "feeder_id" text,
  "substation_id" text,
  "zone_id" text,
  "city_id" text,
  "latitude" double precision CHECK ("latitude" BETWEEN -90 AND 90),
  "longitude" double precision CHECK ("longitude" BETWEEN -180 AND 180),
  "capacity_kva" double precision,
  "phases" integer,
  "num_meters" integer,
  location_wkt text GENERATED ALWAYS AS ('POINT(' || longitude || ' ' || latitude || ')') STORED,
  UNIQUE ("city_id", "transformer_id"),
  FOREIGN KEY ("city_id", "zone_id") REFERENCES zones ("city_id", "zone_id") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("city_id", "substation_id") REFERENCES substations ("city_id", "substation_id") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("city_id", "feeder_id") REFERENCES feeders ("city_id", "feeder_id") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "transformers" IS 'the transformers: each feeds meters that are neighbors';
COMMENT ON COLUMN "transformers"."transformer_id" IS 'the transformer: its zone and a number';
COMMENT ON COLUMN "transformers"."transformer" IS 'its number, from 0';
COMMENT ON COLUMN "transformers"."feeder_id" IS 'the feeder that feeds it';
COMMENT ON COLUMN "transformers"."substation_id" IS 'the substation of the feeder';
COMMENT ON COLUMN "transformers"."zone_id" IS 'the zone it is in';
COMMENT ON COLUMN "transformers"."city_id" IS 'the city it is in';
COMMENT ON COLUMN "transformers"."latitude" IS 'where it is, degrees';
COMMENT ON COLUMN "transformers"."longitude" IS 'where it is, degrees';
COMMENT ON COLUMN "transformers"."capacity_kva" IS 'rated power, a preferred rating of IEEE C57.12.00, kVA';
COMMENT ON COLUMN "transformers"."phases" IS '1 or 3';
COMMENT ON COLUMN "transformers"."num_meters" IS 'meters of this fleet that it feeds';

CREATE TABLE "meters" (
  "meter" integer,
  "mac" text,
  "city_id" text,
  "class" text,
  "profile" text,
  "mean_kwh" double precision,
  "meter_id" text,
  "transformer" integer,
  "transformer_id" text,
  "zone_id" text,
  "latitude" double precision CHECK ("latitude" BETWEEN -90 AND 90),
  "longitude" double precision CHECK ("longitude" BETWEEN -180 AND 180),
  "solar_kw" double precision,
  "electric_car" boolean,
  location_wkt text GENERATED ALWAYS AS ('POINT(' || longitude || ' ' || latitude || ')') STORED,
  UNIQUE ("city_id", "meter"),
  FOREIGN KEY ("city_id", "zone_id") REFERENCES zones ("city_id", "zone_id") DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY ("city_id", "transformer_id") REFERENCES transformers ("city_id", "transformer_id") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "meters" IS 'the fleet: one row per meter';
COMMENT ON COLUMN "meters"."meter" IS 'number of the meter, from 0';
COMMENT ON COLUMN "meters"."mac" IS 'its MAC address, as in the readings';
COMMENT ON COLUMN "meters"."city_id" IS 'the city it is in';
COMMENT ON COLUMN "meters"."class" IS 'class of customers';
COMMENT ON COLUMN "meters"."profile" IS 'standard load profile or shift plan that it follows';
COMMENT ON COLUMN "meters"."mean_kwh" IS 'mean energy per month without an electric car, kWh';
COMMENT ON COLUMN "meters"."meter_id" IS 'the connection: its transformer''s key and a number';
COMMENT ON COLUMN "meters"."transformer" IS 'number of the transformer that feeds it';
COMMENT ON COLUMN "meters"."transformer_id" IS 'the transformer''s key';
COMMENT ON COLUMN "meters"."zone_id" IS 'the zone that it is in';
COMMENT ON COLUMN "meters"."latitude" IS 'where it is, degrees';
COMMENT ON COLUMN "meters"."longitude" IS 'where it is, degrees';
COMMENT ON COLUMN "meters"."solar_kw" IS 'nominal power of the panels; 0 without, kW';
COMMENT ON COLUMN "meters"."electric_car" IS 'whether an electric car is charged';

DO $$ BEGIN IF to_regtype('geometry') IS NOT NULL THEN
  ALTER TABLE "zones"
    ADD COLUMN location geometry(Point, 4326) GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(longitude, latitude), 4326)) STORED;
  CREATE INDEX ON "zones" USING gist (location);
END IF; END $$;

DO $$ BEGIN IF to_regtype('geometry') IS NOT NULL THEN
  ALTER TABLE "substations"
    ADD COLUMN location geometry(Point, 4326) GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(longitude, latitude), 4326)) STORED;
  CREATE INDEX ON "substations" USING gist (location);
END IF; END $$;

DO $$ BEGIN IF to_regtype('geometry') IS NOT NULL THEN
  ALTER TABLE "transformers"
    ADD COLUMN location geometry(Point, 4326) GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(longitude, latitude), 4326)) STORED;
  CREATE INDEX ON "transformers" USING gist (location);
END IF; END $$;

DO $$ BEGIN IF to_regtype('geometry') IS NOT NULL THEN
  ALTER TABLE "meters"
    ADD COLUMN location geometry(Point, 4326) GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(longitude, latitude), 4326)) STORED;
  CREATE INDEX ON "meters" USING gist (location);
END IF; END $$;

-- The partition of a day, made for a role that may only load.
CREATE FUNCTION make_day(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = wattif, pg_temp AS $$
DECLARE
  name text := 'smart_meter_readings_' || to_char(day, 'YYYYMMDD');
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('wattif.make_day'));
  -- not to_regclass(): it may answer from before the lock was ours
  IF NOT EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = 'wattif'::regnamespace) THEN
    EXECUTE format('CREATE TABLE %I PARTITION OF smart_meter_readings FOR VALUES FROM (%L) TO (%L)', name, day, day + 1);
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION make_day FROM PUBLIC;

-- A role that only loads and one that only reads, where this role may create them.
DO $$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['wattif_loader', 'wattif_reader'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
        BEGIN
          EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
          NULL; -- the first load of another database of this server has just created it
        END;
      END IF;
      EXECUTE format('GRANT USAGE ON SCHEMA wattif TO %I', role);
      EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA wattif TO %I', role);
      EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA wattif GRANT SELECT ON TABLES TO %I', role);
      IF role = 'wattif_loader' THEN
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA wattif GRANT INSERT, UPDATE, DELETE ON TABLES TO %I', role);
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA wattif TO %I', role);
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON schema_versions FROM %I', role);
        EXECUTE format('GRANT EXECUTE ON FUNCTION make_day TO %I', role);
      END IF;
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE NOTICE 'this role may not create the role %', role;
    END;
  END LOOP;
END $$;
