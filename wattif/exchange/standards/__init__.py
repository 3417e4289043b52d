"""The standards, one module each, with its `STANDARD`; the module's name is the standard's."""
