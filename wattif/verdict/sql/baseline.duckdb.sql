-- A verdict on each hour of a metric, against the robust seasonal baseline of its meter: docs/warehouse.md.
CREATE OR REPLACE TEMP TABLE $verdicts AS
WITH
training AS (
  SELECT mac, $season AS season, CAST($column AS DOUBLE) AS value
  FROM smart_meter_readings_hour_rolled
  WHERE time_hour_rolled >= $train_start AND time_hour_rolled < $train_end AND $column IS NOT NULL
),
-- Sizes are logarithms, so that half as much counts like twice as much; the offset keeps zero in.
meters AS (
  SELECT mac, greatest(0.05 * avg(value), 0.001) AS base FROM training GROUP BY mac
),
seasons AS (
  SELECT
    mac, season, count(*) AS hours, median(size) AS centre, 1.4826 * mad(size) AS spread,
    list_sort(list(size)) AS sizes
  FROM (SELECT mac, season, ln(value + base) AS size FROM training JOIN meters USING (mac)) AS sized
  GROUP BY mac, season
  HAVING count(*) >= 2
),
-- Each hour of the training against the median of the others of its season: what a new hour would have met.
places AS (
  SELECT mac, season, hours, sizes, unnest(range(1, hours + 1)) AS place FROM seasons
),
residuals AS (
  SELECT
    mac, season,
    abs(sizes[place] - (
      sizes[hours // 2 + if(hours // 2 >= place, 1, 0)]
      + sizes[(hours + 1) // 2 + if((hours + 1) // 2 >= place, 1, 0)]
    ) / 2) AS residual
  FROM places
),
spreads AS (
  SELECT mac, 1.4826 * median(residual) AS spread FROM residuals GROUP BY mac
),
-- The few hours of a season say little of its spread: the meter's own stands beside it with the weight of two days.
baseline AS (
  SELECT
    seasons.mac, seasons.season, seasons.centre,
    greatest(sqrt((hours * seasons.spread ** 2 + 48 * spreads.spread ** 2) / (hours + 48)), 0.02) AS spread
  FROM seasons JOIN spreads USING (mac)
),
-- How often a distance is exceeded, fitted to the whole fleet's training at its median and its 95 %.
quantiles AS (
  SELECT greatest(found[1], 0.01) AS middle, greatest(found[2], 1.05 * greatest(found[1], 0.01)) AS far
  FROM (
    SELECT quantile_cont(residual / spread, [0.5, 0.95]) AS found FROM residuals JOIN baseline USING (mac, season)
  ) AS fleet
),
tail AS (
  SELECT ln(ln(20) / ln(2)) / ln(far / middle) AS shape, middle FROM quantiles
),
scale AS (
  SELECT shape, middle / ln(2) ** (1 / shape) AS width FROM tail
),
expected AS (
  SELECT mac, CAST(dt AS TIMESTAMP) AT TIME ZONE 'UTC' + to_hours(hour) AS time_hour_rolled
  FROM (SELECT DISTINCT mac FROM smart_meter_readings_hour_rolled
        WHERE time_hour_rolled >= $train_start AND time_hour_rolled < $scan_end) AS known,
    (SELECT dt FROM wattif_loads WHERE dt >= $scan_from AND dt <= $scan_until) AS days,
    (SELECT unnest(range(24)) AS hour) AS hours
),
judged AS (
  SELECT
    expected.mac, expected.time_hour_rolled, CAST(hourly.$column AS DOUBLE) AS value,
    meters.base, baseline.centre, baseline.spread * scale.width AS width, scale.shape
  FROM expected
  LEFT JOIN smart_meter_readings_hour_rolled AS hourly
    ON hourly.mac = expected.mac AND hourly.time_hour_rolled = expected.time_hour_rolled
  LEFT JOIN meters ON meters.mac = expected.mac
  LEFT JOIN baseline ON baseline.mac = expected.mac AND baseline.season = $expected_season
  CROSS JOIN scale
),
probable AS (
  SELECT
    *, 1 - exp(-((abs(ln(value + base) - centre) / width) ** shape)) AS probability,
    width * (-ln(1 - $threshold)) ** (1 / shape) AS reach
  FROM judged
)
SELECT
  mac, time_hour_rolled, $metric AS metric, value, probability > $threshold AS is_anomaly,
  probability AS anomaly_probability, greatest(exp(centre - reach) - base, 0) AS lower_bound,
  exp(centre + reach) - base AS upper_bound
FROM probable;
