"""The public face, `wattif.read` and so on: what the package exports is defined here."""
