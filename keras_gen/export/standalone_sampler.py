"""Finds `sampler.py`, which is written beside each TFLite file. Needs no TensorFlow."""

from pathlib import Path

_HERE = Path(__file__).parent


def sampler_path():
    """The path of `sampler.py` in this package."""
    installed = _HERE / "standalone" / "sampler.py"
    return installed if installed.exists() else _HERE.parents[1] / "export/sampler.py"
