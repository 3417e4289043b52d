"""What determines a dataset: plain frozen models that read no environment, no file and no working directory."""

from wattif.spec.spec import Spec, WorldSpec

__all__ = ["Spec", "WorldSpec"]
