"""Distribution strategies by name, as the command line states them."""

import json
import os
import re

import tensorflow as tf

_DEVICE = re.compile(r"(CPU|GPU):(\d+)")


def mirrored(devices=None) -> tf.distribute.Strategy:
    """A strategy of one replica on each of some devices of this machine.

    To try a strategy, name more CPUs than the machine has: TensorFlow then divides the
    first one, which must happen before anything else uses it. They share its cores and
    train no faster.

    Args:
        devices: Optional list of strings, such as `["GPU:0", "GPU:1"]`. Defaults to all
            GPUs, or else the CPU.

    Returns:
        `tf.distribute.MirroredStrategy`.

    Raises:
        ValueError: If a device is named twice, has no such name, does not exist, or
            cannot be made any more.
    """
    if devices is None:
        return tf.distribute.MirroredStrategy()
    if len(set(devices)) < len(devices):
        raise ValueError(f"`devices` must differ. Received: {devices}")
    for device in devices:
        if not _DEVICE.fullmatch(device):
            raise ValueError(
                f"`devices` must be like CPU:0 or GPU:1. Received: {device!r}"
            )
    indices = [int(name[4:]) for name in devices if name.startswith("CPU")]
    if indices:
        _divide_cpu(max(indices) + 1)
    devices_there = tf.config.list_logical_devices()
    there = [device.name.removeprefix("/device:") for device in devices_there]
    missing = [device for device in devices if device not in there]
    if missing:
        raise ValueError(
            f"`devices` names {', '.join(missing)}, not among those of this machine: "
            f"{', '.join(there)}"
        )
    return tf.distribute.MirroredStrategy(devices)


def multiworker() -> tf.distribute.Strategy:
    """A strategy of one replica on each device of several machines.

    The environment variable `TF_CONFIG` lists the machines: see `docs/scaling.md`.
    Call this function on all machines, since each waits for the others, and before
    anything else uses TensorFlow, which importing Keras does.

    Returns:
        `tf.distribute.MultiWorkerMirroredStrategy`.

    Raises:
        ValueError: If `TF_CONFIG` is not set, or not as TensorFlow needs it.
    """
    worker_index()
    return tf.distribute.MultiWorkerMirroredStrategy()


def worker_index() -> int:
    """The number of this process among the workers of `TF_CONFIG`; 0 is the chief.

    Raises:
        ValueError: As in `multiworker()`.
    """
    text = os.environ.get("TF_CONFIG")
    example = (
        '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, '
        '"task": {"type": "worker", "index": 0}}'
    )
    if not text:
        raise ValueError(f"TF_CONFIG must be set, such as {example}")
    try:
        config = json.loads(text)
        workers, task = config["cluster"]["worker"], config["task"]
        kind, index = task["type"], int(task["index"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"TF_CONFIG must be like {example}. Received: {text} ({error!r})"
        ) from error
    if set(config["cluster"]) != {"worker"} or kind != "worker":
        raise ValueError(
            f"TF_CONFIG must name workers alone, like {example}. Received: {text}"
        )
    if not 0 <= index < len(workers):
        raise ValueError(
            f"TF_CONFIG must give a task index in [0, {len(workers)}), the number of "
            f"workers. Received: {index}"
        )
    return index


def is_chief(strategy) -> bool:
    """Whether this process is the one that writes."""
    several = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    return not several or worker_index() == 0


def _divide_cpu(count):
    cpu = tf.config.list_physical_devices("CPU")[0]
    divided = tf.config.get_logical_device_configuration(cpu)
    if count <= len(divided or [cpu]):
        return
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )
    except RuntimeError as error:
        raise ValueError(
            f"`devices` needs {count} CPUs, which must be divided before TensorFlow "
            f"first uses one: {error}"
        ) from error
