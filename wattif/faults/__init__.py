"""What happens on the way: faults of rows, files and batches."""
