"""What determines a dataset: plain frozen models that read no environment, no file and no working directory."""

from wattif.spec.spec import Spec, WorldSpec, field_of_spec

__all__ = ["Spec", "WorldSpec", "field_of_spec"]
