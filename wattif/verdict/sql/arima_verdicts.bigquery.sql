-- A verdict on each hour that was to be judged; NULL where the model says nothing, or no reading came.
CREATE OR REPLACE TABLE $verdicts
OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)) AS
WITH
expected AS (
  SELECT known.mac, TIMESTAMP_ADD(TIMESTAMP(days.dt), INTERVAL hour HOUR) AS time_hour_rolled
  FROM (
    SELECT DISTINCT mac FROM smart_meter_readings_hour_rolled
    WHERE time_hour_rolled >= $train_start AND time_hour_rolled < $scan_end
  ) AS known
  CROSS JOIN (SELECT dt FROM wattif_loads WHERE dt >= $scan_from AND dt <= $scan_until) AS days
  CROSS JOIN UNNEST(GENERATE_ARRAY(0, 23)) AS hour
),
hours AS (
  SELECT mac, time_hour_rolled, CAST($column AS FLOAT64) AS $column
  FROM smart_meter_readings_hour_rolled
  WHERE time_hour_rolled >= $scan_start AND time_hour_rolled < $scan_end
),
judged AS (
  SELECT mac, time_hour_rolled, is_anomaly, anomaly_probability, lower_bound, upper_bound
  FROM ML.DETECT_ANOMALIES(
    MODEL `$dataset.$model`,
    STRUCT($threshold AS anomaly_prob_threshold),
    (
      SELECT mac, time_hour_rolled, CAST($column AS FLOAT64) AS $column
      FROM smart_meter_readings_hour_rolled
      WHERE time_hour_rolled >= $scan_start AND time_hour_rolled < $scan_end
    )
  )
)
SELECT
  expected.mac, expected.time_hour_rolled, $metric AS metric, hours.$column AS value,
  IF(hours.$column IS NULL, NULL, judged.is_anomaly) AS is_anomaly,
  judged.anomaly_probability, judged.lower_bound, judged.upper_bound
FROM expected
LEFT JOIN hours ON hours.mac = expected.mac AND hours.time_hour_rolled = expected.time_hour_rolled
LEFT JOIN judged ON judged.mac = expected.mac AND judged.time_hour_rolled = expected.time_hour_rolled;
