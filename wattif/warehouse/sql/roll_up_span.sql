-- The hours of a span of time, and their months, computed anew from all days whose readings touch it.
DELETE FROM smart_meter_readings_hour_rolled
WHERE time_hour_rolled >= $first_hour AND time_hour_rolled < $end_hour;

INSERT INTO smart_meter_readings_hour_rolled
  (mac, time_hour_rolled, consumption_hour_rolled, consumption_avg, consumption_max, readings)
SELECT
  mac, TIMESTAMP_TRUNC(`timestamp`, HOUR) AS time_hour_rolled, SUM(consumption_wh),
  SAFE_DIVIDE(CAST(SUM(consumption_wh) AS FLOAT64), COUNT(consumption_wh)), MAX(consumption_wh), COUNT(*)
FROM (
  -- delivered more than once, counted once; if two of a meter and time differ, the larger one
  SELECT mac, `timestamp`, MAX(consumption_wh) AS consumption_wh
  FROM smart_meter_readings
  WHERE dt IN ($days) AND `timestamp` >= $first_hour AND `timestamp` < $end_hour
  GROUP BY mac, `timestamp`
) AS deduplicated
GROUP BY mac, time_hour_rolled;

DELETE FROM smart_meter_consumption_monthly WHERE month >= $first_month AND month < $end_month;

INSERT INTO smart_meter_consumption_monthly (mac, month, consumption_wh, readings)
SELECT
  mac, DATE_TRUNC(DATE(time_hour_rolled), MONTH) AS month, SUM(consumption_hour_rolled), SUM(readings)
FROM smart_meter_readings_hour_rolled
WHERE time_hour_rolled >= TIMESTAMP($first_month) AND time_hour_rolled < TIMESTAMP($end_month)
GROUP BY mac, month;
