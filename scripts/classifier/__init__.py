"""How well a classifier tells two groups of meters apart: .5 is a coin, 1 is certain."""
