"""The protocol at the end of a training, which costs little beside the training."""

from keras_gen.zoo.evaluation.protocol import QUICK, Protocol

# A step passes each example forwards, and twice as much backwards.
_PASSES_OF_A_STEP = 3
_LEAST, _LEAST_IMPORTANCE = 100, 10


def affordable(steps, batch_size, epochs) -> Protocol:
    """The quick protocol, with smaller numbers if the training was short.

    A likelihood costs at most an epoch or a tenth of the training, whichever is more.
    The cost is the number of examples that go through the networks. It depends on no
    clock, so equal runs are measured equally.

    Args:
        steps: Integer, the steps of an epoch.
        batch_size: Integer.
        epochs: Integer.

    Returns:
        `Protocol`.

    Example:
    >>> from keras_gen.zoo.training.budget import affordable
    >>> affordable(steps=600, batch_size=100, epochs=20).num_importance_samples
    50
    >>> affordable(steps=4, batch_size=50, epochs=2).num_importance_samples
    6
    """
    passes = _PASSES_OF_A_STEP * steps * batch_size * max(10, epochs) // 10
    num = min(QUICK.num_images, max(_LEAST, passes // _LEAST_IMPORTANCE))
    return QUICK._replace(
        num_images=num,
        num_samples=min(QUICK.num_samples, num),
        num_training_images=min(QUICK.num_training_images, num),
        num_importance_samples=min(QUICK.num_importance_samples, max(1, passes // num)),
    )
