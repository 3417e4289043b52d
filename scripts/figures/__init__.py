"""Figures that tell real readings from made ones, a topic a file; `python -m scripts.figures` prints them.

Each is computed from what the model gives, by the usual formulas, never from the model's own constants.
"""
