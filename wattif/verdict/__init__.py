"""Scans of the hours for anomalies, and their scores."""
