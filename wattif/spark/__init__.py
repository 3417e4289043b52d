"""Datasets in Spark, made by its executors: ``spark.read.format("wattif")``, see docs/spark.md."""

from wattif.spark.source import WattIf

__all__ = ["WattIf"]
