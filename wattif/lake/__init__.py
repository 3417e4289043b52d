"""How a dataset is laid out in the lake: names of objects, identity, manifests."""
