"""The kinds of anomalies. A module of this package that declares `KINDS` is found; see `wattif.model.anomaly_kinds`.

They are drawn in the order of the modules' names and of the kinds in each: to rename a module may change bytes.
"""
