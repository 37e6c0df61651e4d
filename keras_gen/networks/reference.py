"""Networks with a fixed reference batch for their normalizations."""

import keras
from keras import ops

from keras_gen.layers import DropReferenceBatch, PrependReferenceBatch
from keras_gen.layers.reference_batch_normalization import BaseReferenceNormalization
from keras_gen.networks.checks import check_network


def with_reference(network, reference, name=None) -> keras.Model:
    """A network that passes a fixed reference batch through its layers.

    The reference is put before the inputs, passes through `network` with them, and is
    removed from the outputs. It is a weight that is not trained; it is saved and loaded
    with the others. After `from_config` it is zero until weights are set. Each call
    also computes the reference.

    Other layers that use the whole batch, such as `MinibatchStandardDeviation`, see the
    reference too.

    Args:
        network: Built `keras.Model` with one input, which holds
            `ReferenceBatchNormalization` or `VirtualBatchNormalization` layers, itself
            or in models inside it.
        reference: Array of shape `(reference_size, ...)`: images, or latents for a
            generator, of the shape of the network's inputs.
        name: String, the name of the result; by default that of `network`.

    Returns:
        A built `keras.Model` with the inputs and outputs of `network`.

    Raises:
        ValueError: If `network` has several inputs or no reference normalization, or
            `reference` does not match its inputs or the `reference_size` of its layers,
            or is not finite.

    Reference:
        Salimans et al., Improved Techniques for Training GANs, 2016
        (arXiv:1606.03498), section 3.5.

    Example:
    >>> import numpy as np
    >>> from keras_gen import layers, networks
    >>> generator = networks.dcgan_generator(
    ...     3, [4], (8, 8, 1), normalization=lambda: layers.VirtualBatchNormalization(6)
    ... )
    >>> reference = np.eye(6, 3)
    >>> networks.with_reference(generator, reference)(np.zeros((2, 3))).shape[0]
    2
    """
    reference = ops.convert_to_tensor(reference, "float32")
    _check_reference(network, reference)
    rows = int(reference.shape[0])
    prepend = PrependReferenceBatch(rows, name="prepend_reference")
    drop = DropReferenceBatch(rows, name="drop_reference")
    inputs = keras.Input(network.inputs[0].shape[1:], name=network.inputs[0].name)
    outputs = keras.tree.map_structure(drop, network(prepend(inputs)))
    prepend.reference.assign(reference)
    return keras.Model(inputs, outputs, name=name or network.name)


def _check_reference(network, reference):
    check_network("network", network, 1, one_output=False)
    shape = tuple(reference.shape)
    images = tuple(network.inputs[0].shape[1:])
    if shape[1:] != images or not shape[0]:
        raise ValueError(
            "`reference` must hold inputs of `network`, of shape (reference_size, "
            f"{', '.join(map(str, images))}). Received shape: {shape}"
        )
    if not ops.all(ops.isfinite(reference)):
        raise ValueError("`reference` must be finite. Received: NaN or infinity")
    sizes = {layer.reference_size for layer in _reference_normalizations(network)}
    if not sizes:
        raise ValueError(
            "`network` must hold ReferenceBatchNormalization or "
            f"VirtualBatchNormalization layers. Received: {network.name!r} without any"
        )
    if sizes != {shape[0]}:
        raise ValueError(
            f"`reference` must have as many rows as the `reference_size` of the layers "
            f"of `network`, {sorted(sizes)}. Received shape: {shape}"
        )


def _reference_normalizations(network):
    for layer in network.layers:
        if isinstance(layer, BaseReferenceNormalization):
            yield layer
        elif isinstance(layer, keras.Model):
            yield from _reference_normalizations(layer)
