-- A day of the readings, its bad records and the record of its load, replaced as one.
DELETE FROM smart_meter_readings WHERE dt = $day;

INSERT INTO smart_meter_readings ($columns, dt)
SELECT $columns, $day FROM $staged WHERE mac IS NOT NULL AND `timestamp` IS NOT NULL;
