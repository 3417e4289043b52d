-- The record of a load. The span of a day never shrinks: hours that an earlier load filled are rolled up again.
DELETE FROM smart_meter_bad_records WHERE dt = $day;

INSERT INTO smart_meter_bad_records (dt, file, line, error, content)
SELECT $day, file, line, error, content FROM $bad_records;

INSERT INTO wattif_loads
  (dt, load_id, dataset, fingerprint, files, `rows`, bad_records, first_time, last_time, loaded_at, rolled_up)
SELECT
  $day, $load_id, $dataset, $fingerprint, $files, SUM(spans.readings), $bad_record_count,
  MIN(spans.first_time), MAX(spans.last_time), CURRENT_TIMESTAMP(), FALSE
FROM (
  SELECT COUNT(*) AS readings, MIN(`timestamp`) AS first_time, MAX(`timestamp`) AS last_time
  FROM smart_meter_readings WHERE dt = $day
  UNION ALL
  SELECT 0, first_time, last_time FROM wattif_loads WHERE dt = $day
) AS spans;

DELETE FROM wattif_loads WHERE dt = $day AND load_id <> $load_id;
