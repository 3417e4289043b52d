"""Numbers that know no meters: compiled loops, IEEE functions, random streams, sharing out, the calendar."""
