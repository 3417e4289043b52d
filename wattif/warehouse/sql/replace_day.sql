-- A day of the readings, its bad records and the record of its load, replaced as one.
DELETE FROM smart_meter_readings WHERE dt = $day;

INSERT INTO smart_meter_readings ($columns, dt)
SELECT $columns, $day FROM $staged WHERE mac IS NOT NULL AND `timestamp` BETWEEN TIMESTAMP '1970-01-01 00:00:00+00' AND TIMESTAMP '2200-01-01 00:00:00+00';
