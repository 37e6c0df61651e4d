"""Layers that grow: how many of their stages are in use follows a weight.

Reference: Karras et al., Progressive Growing of GANs for Improved Quality, Stability,
and Variation, 2017 (arXiv:1710.10196), section 2 and figure 2.
"""

import keras
from keras import ops

from keras_gen.arguments import shown


def in_squares(images, scale):
    """Images whose squares of `scale` by `scale` pixels are each one color, their mean.

    Args:
        images: Tensor of shape `(batch, height, width, channels)`.
        scale: Integer that divides height and width.
    """
    return _enlarged(_reduced(images, scale), scale)


def as_grown(images, growth, num_stages):
    """Images with as much detail as a generator of some growth can give them.

    At stage `i` of `n`, each square of `2 ** (n - 1 - i)` pixels a side has one color.
    Between two stages the image is the mean of both, weighted as in `GrowingDecoder`.

    Args:
        images: Tensor of shape `(batch, height, width, channels)`.
        growth: Float scalar in [0, num_stages - 1].
        num_stages: Integer.
    """
    growth = ops.cast(growth, images.dtype)
    shares = [ops.relu(1.0 - ops.abs(growth - stage)) for stage in range(num_stages)]
    scales = [2 ** (num_stages - 1 - stage) for stage in range(num_stages)]
    parts = [
        share * in_squares(images, scale)
        for share, scale in zip(shares, scales, strict=True)
    ]
    return ops.sum(ops.stack(parts), axis=0)


def growth_at(step, num_stages, stable_steps, fade_steps):
    """How far networks have grown at a training step.

    It is whole for `stable_steps`, then rises linearly to the next whole number during
    `fade_steps`, and so on. Without any steps the networks are fully grown.

    Args:
        step: Integer or int32 scalar, the training steps before this one.
        num_stages: Integer.
        stable_steps: Integer of at least 0.
        fade_steps: Integer of at least 0.

    Returns:
        Float32 scalar in [0, num_stages - 1].
    """
    last, length = num_stages - 1.0, stable_steps + fade_steps
    if length == 0:
        return ops.convert_to_tensor(last, "float32")
    stage = ops.cast(step // length, "float32")
    faded = ops.cast(step % length - stable_steps, "float32")
    share = ops.maximum(faded, 0.0) / max(fade_steps, 1)
    return ops.minimum(stage + share, last)


class Growing(keras.layers.Layer):
    """Abstract: a layer of stages, with a weight that says how many are in use.

    The weight `growth` lies in [0, num_stages - 1] and does not learn. At a whole
    number all stages up to this one are in use, and the others are not computed. In
    between, the next stage fades in. A layer is fully grown until `growth` is assigned.

    Args:
        blocks: List of built networks. Block `i` joins stage `i` and stage `i + 1`.
        heads: List of built networks, one more than `blocks`. Head `i` joins stage `i`
            and images.

    Raises:
        ValueError: Unless there is one more head than there are blocks.
    """

    def __init__(self, blocks, heads, **kwargs):
        super().__init__(**kwargs)
        if len(heads) != len(blocks) + 1:
            raise ValueError(
                "`heads` must be one more than `blocks`. Received: "
                f"{shown(heads)} and {shown(blocks)}"
            )
        self.blocks, self.heads = list(blocks), list(heads)

    def build(self, input_shape) -> None:
        self.growth = self.add_weight(
            (),
            initializer=keras.initializers.Constant(self.num_stages - 1),
            dtype="float32",
            autocast=False,
            trainable=False,
            # It is a function of the step, so it is the same on all replicas.
            aggregation="only_first_replica",
            name="growth",
        )

    @property
    def num_stages(self) -> int:
        """Integer, the number of stages."""
        return len(self.heads)

    def scale(self, stage) -> int:
        """Integer, how many times smaller the sides of images are at a stage."""
        return 2 ** (self.num_stages - 1 - stage)

    def faded(self, before, further, stage):
        """The outputs up to a stage: those without it, mixed with those with it.

        Args:
            before: Tensor, the outputs without the stage.
            further: Function that returns the outputs with the stage alone.
            stage: Integer of at least 1.
        """
        share = ops.convert_to_tensor(self.growth) - (stage - 1)

        def mixed():
            whole = ops.cast(ops.minimum(share, 1.0), before.dtype)
            # Exact at both ends: the other part is then multiplied by zero.
            return (1.0 - whole) * before + whole * further()

        return ops.cond(share > 0.0, mixed, lambda: before)

    def get_config(self) -> dict:
        serialize = keras.saving.serialize_keras_object
        parts = {"blocks": self.blocks, "heads": self.heads}
        lists = {name: [serialize(n) for n in part] for name, part in parts.items()}
        return {**super().get_config(), **lists}

    @classmethod
    def from_config(cls, config):
        read = keras.saving.deserialize_keras_object
        lists = {name: [read(n) for n in config[name]] for name in ("blocks", "heads")}
        return cls(**{**config, **lists})


@keras.saving.register_keras_serializable(package="keras_gen")
class GrowingDecoder(Growing):
    """Turns features into images through as many stages as have grown.

    Images always have full size: those of a lower stage are enlarged, each pixel to a
    square. While a stage fades in, the image is a mean of the one before, enlarged, and
    the new one.

    Args:
        blocks: List of built networks. Block `i` turns the features of stage `i` into
            those of stage `i + 1`, of twice the height and width.
        heads: List of built networks, one more than `blocks`. Head `i` turns the
            features of stage `i` into an image of that size.

    Raises:
        ValueError: Unless there is one more head than there are blocks.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import GrowingDecoder
    >>> from keras_gen.networks import mlp
    >>> blocks = [mlp((2, 2, 3), [], (4, 4, 3))]
    >>> heads = [mlp((2, 2, 3), [], (2, 2, 1)), mlp((4, 4, 3), [], (4, 4, 1))]
    >>> layer = GrowingDecoder(blocks, heads)
    >>> tuple(layer(np.ones((5, 2, 2, 3), "float32")).shape)
    (5, 4, 4, 1)
    """

    def call(self, features):
        return self._images(features, 0)

    def _images(self, features, stage):
        images = _enlarged(self.heads[stage](features), self.scale(stage))
        if stage == self.num_stages - 1:
            return images

        def further():
            return self._images(self.blocks[stage](features), stage + 1)

        return self.faded(images, further, stage + 1)

    def compute_output_shape(self, input_shape) -> tuple:
        return (input_shape[0], *self.heads[-1].output_shape[1:])


@keras.saving.register_keras_serializable(package="keras_gen")
class GrowingEncoder(Growing):
    """Turns images into features of the first stage, through the grown stages.

    Images always have full size and are reduced to that of the stage, each square to
    its mean. While a stage fades in, the features of the stage below are a mean of
    those of the reduced image and those of the new block.

    Args:
        blocks: List of built networks. Block `i` turns the features of stage `i + 1`
            into those of stage `i`, of half the height and width.
        heads: List of built networks, one more than `blocks`. Head `i` turns an image
            of the size of stage `i` into its features.

    Raises:
        ValueError: Unless there is one more head than there are blocks.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import GrowingEncoder
    >>> from keras_gen.networks import mlp
    >>> blocks = [mlp((4, 4, 3), [], (2, 2, 3))]
    >>> heads = [mlp((2, 2, 1), [], (2, 2, 3)), mlp((4, 4, 1), [], (4, 4, 3))]
    >>> layer = GrowingEncoder(blocks, heads)
    >>> tuple(layer(np.ones((5, 4, 4, 1), "float32")).shape)
    (5, 2, 2, 3)
    """

    def call(self, images):
        return self._features(images, 0)

    def _features(self, images, stage):
        features = self.heads[stage](_reduced(images, self.scale(stage)))
        if stage == self.num_stages - 1:
            return features

        def further():
            return self.blocks[stage](self._features(images, stage + 1))

        return self.faded(features, further, stage + 1)

    def compute_output_shape(self, input_shape) -> tuple:
        return (input_shape[0], *self.heads[0].output_shape[1:])


def _enlarged(images, scale):
    if scale == 1:
        return images
    return ops.repeat(ops.repeat(images, scale, axis=1), scale, axis=2)


def _reduced(images, scale):
    return images if scale == 1 else ops.average_pool(images, scale)
