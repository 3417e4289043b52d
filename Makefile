# Shorthands for the scripts, which say what else they take.
#   make data-generate INCIDENT_COUNT=5000 STATION_COUNT=20 SEED=123 FORMAT=csv
# Any option of `wattif incidents` by its name in capitals; FORMAT is --output-format.

.PHONY: data-generate run test check

data-generate:
	@scripts/data_generate $(MAKEOVERRIDES)

run:
	@scripts/run

test:
	@scripts/test

check:
	@scripts/check
