"""From the plan to the committed batch: work units, producer, staging, pipeline, progress."""
