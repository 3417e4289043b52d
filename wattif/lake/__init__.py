"""How a dataset lies in the lake: names of objects, the dataset's identity, manifests."""
