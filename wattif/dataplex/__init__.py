"""Dataplex scans on the hourly table: definition, service, results."""
