"""Sealed files to the lake: `store` is the small interface, `gcs` and `local` are lakes, `retrying` is
patient with either, `committer` brings batches in."""
