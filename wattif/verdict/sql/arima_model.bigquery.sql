-- One series of a metric for each meter.
CREATE OR REPLACE MODEL `$dataset.$model`
OPTIONS (
  MODEL_TYPE = 'ARIMA_PLUS',
  TIME_SERIES_TIMESTAMP_COL = 'time_hour_rolled',
  TIME_SERIES_DATA_COL = '$column',
  TIME_SERIES_ID_COL = 'mac',
  DATA_FREQUENCY = 'HOURLY',
  HORIZON = $horizon
) AS
SELECT mac, time_hour_rolled, CAST($column AS FLOAT64) AS $column
FROM smart_meter_readings_hour_rolled
WHERE time_hour_rolled >= $train_start AND time_hour_rolled < $train_end;
