"""Imports TensorFlow and configures it for the processes of this package."""

import os
import sys


def import_tensorflow():
    """Imports TensorFlow without its messages about its build and missing GPUs.

    Its libraries write them to the file descriptor, whatever the log level. You see
    them if you set TF_CPP_MIN_LOG_LEVEL to another value than 2. Memory of a GPU is
    allocated when it is needed, so that several processes can share the GPU.
    """
    if "tensorflow" in sys.modules:
        return
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2") != "2":
        _set_memory_growth()
        return
    kept = os.dup(2)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        _set_memory_growth()
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def be_deterministic():
    """Makes equal runs on this machine give equal bits, also on GPUs, but slower."""
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


def _set_memory_growth():
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
