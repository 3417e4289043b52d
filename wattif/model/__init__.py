"""Who, where, how much: pure functions of spec, meter and time; no files, clouds or threads."""
