-- A table that is loaded whole, and the record of its load.
DELETE FROM $table WHERE TRUE;

INSERT INTO $table ($columns) SELECT $selected FROM $staged;

DELETE FROM wattif_tables WHERE name = $table_name;

INSERT INTO wattif_tables (name, fingerprint, `rows`, loaded_at)
SELECT $table_name, $fingerprint, COUNT(*), CURRENT_TIMESTAMP() FROM $staged;
