"""Sealed files to the lake: `store` is the small interface, `gcs` and `local` are lakes, `consumer` moves batches."""
