"""Who, where, how much: pure functions of settings, meter and time; no files, clouds or threads."""
