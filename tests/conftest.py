"""Puts the contracts on the path of every test, and two devices into each process."""

import sys
from pathlib import Path

import pytest
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parent))

_CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    _CPU, [tf.config.LogicalDeviceConfiguration()] * 2
)


@pytest.fixture(scope="session")
def two_replicas():
    """A strategy of two replicas. One for all tests: collectives count across them."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
