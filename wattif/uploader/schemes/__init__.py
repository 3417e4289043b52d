"""How addresses of lakes begin: ``gs://`` is the module `gs`, which opens what stands behind it.

A module that is here is known. Its ``open_at(rest, opening)`` gives the `Store` at the *rest* of the address, and is
imported when an address begins like that: libraries of a cloud are needed by no other.
"""
