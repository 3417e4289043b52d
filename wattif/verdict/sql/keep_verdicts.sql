-- What a scan found of a metric, in place of what the last one found: flagged hours, and those without a verdict.
DELETE FROM smart_meter_anomalies WHERE metric = $metric;

INSERT INTO smart_meter_anomalies
  (mac, time_hour_rolled, metric, value, is_anomaly, anomaly_probability, lower_bound, upper_bound)
SELECT mac, time_hour_rolled, metric, value, is_anomaly, anomaly_probability, lower_bound, upper_bound
FROM $verdicts
WHERE is_anomaly IS NULL OR is_anomaly;

DELETE FROM smart_meter_scans WHERE metric = $metric;

INSERT INTO smart_meter_scans
  (metric, threshold, train_from, train_until, scan_from, scan_until, hours, anomalies, no_verdict, without_value,
   scanned_at)
SELECT
  $metric, $threshold, $train_from, $train_until, $scan_from, $scan_until, COUNT(*),
  COUNT(IF(is_anomaly, 1, NULL)), COUNT(*) - COUNT(is_anomaly), COUNT(IF(is_anomaly IS NULL AND value IS NULL, 1, NULL)),
  CURRENT_TIMESTAMP()
FROM $verdicts;
