-- Two questions to a lake and its incidents in PostgreSQL.
SET search_path = wattif, public;
SET TimeZone = 'UTC';

\echo Energy by zone and day
SELECT zone_id, timestamp::date AS day, (sum(consumption_wh) / 1000)::numeric(18, 6) AS energy_kwh
FROM smart_meter_readings JOIN meters USING (mac)
GROUP BY zone_id, day
ORDER BY zone_id, day;

\echo Customers without power by hour: as the readings show it, and as the incidents tell it
WITH without_supply AS (  -- a reading is missing, or says so: bit 2 of its status
  SELECT mac, timestamp FROM meters CROSS JOIN (SELECT DISTINCT timestamp FROM smart_meter_readings) AS times
  EXCEPT
  SELECT mac, timestamp FROM smart_meter_readings WHERE status & 2 = 0
),
in_readings AS (
  SELECT date_trunc('hour', timestamp) AS hour, count(DISTINCT mac) AS customers FROM without_supply GROUP BY hour
),
in_incidents AS (
  SELECT hour, count(DISTINCT mac) AS customers
  FROM incidents
  JOIN incident_types ON incident_types.id = type_id AND anomaly_kind = 'outage'
  JOIN meters ON transformer_id = metadata ->> 'transformer_id'
  CROSS JOIN generate_series(date_trunc('hour', occurrence_at), resolved_at - interval '1 second', '1 hour') AS hour
  GROUP BY hour
)
SELECT hour, in_readings.customers AS in_readings, in_incidents.customers AS in_incidents
FROM in_readings FULL JOIN in_incidents USING (hour)
ORDER BY hour;
