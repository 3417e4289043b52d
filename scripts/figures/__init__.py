"""What the model gives beside what is real: a topic a file, each figure declared once.

Figures are computed from readings, by the usual formulas, never from the model's own constants.
"""
