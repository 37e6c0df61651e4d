"""The last layers of an autoregressive network."""

import keras
from keras import ops

from keras_gen.layers.masked_conv_2d import MaskedConv2D


@keras.saving.register_keras_serializable(package="keras_gen")
class SiteHead(keras.layers.Layer):
    """Two masked 1 x 1 convolutions, each after a ReLU, with float32 outputs.

    Args:
        filters: Integer, the features of the hidden layer.
        num_channels: Integer, the channels of the image.
        parameters_per_site: Integer, the outputs for each site.

    Reference:
        van den Oord et al., Pixel Recurrent Neural Networks, 2016 (arXiv:1601.06759),
        table 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import SiteHead
    >>> head = SiteHead(6, num_channels=3, parameters_per_site=256)
    >>> tuple(head(np.zeros((2, 5, 5, 4))).shape)
    (2, 5, 5, 3, 256)
    """

    def __init__(self, filters, num_channels, parameters_per_site, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.num_channels = num_channels
        self.parameters_per_site = parameters_per_site
        grouped = {"num_channels": num_channels, "dtype": self.dtype_policy}
        self.hidden = MaskedConv2D(filters, 0, 0, name="hidden", **grouped)
        units = num_channels * parameters_per_site
        self.outputs = MaskedConv2D(units, 0, 0, name="outputs", **grouped)

    def build(self, input_shape) -> None:
        self.hidden.build(input_shape)
        self.outputs.build((*input_shape[:-1], self.filters))

    def call(self, features):
        hidden = ops.relu(self.hidden(ops.relu(features)))
        return self._parameters(self.outputs(hidden))

    def at_pixel(self, features):
        """The outputs at one pixel, float32 `(batch, channels, parameters_per_site)`.

        Args:
            features: Tensor of shape `(batch, features)`.
        """
        hidden = ops.relu(self.hidden.from_row(ops.relu(features)))
        return self._parameters(self.outputs.from_row(hidden))

    def _parameters(self, outputs):
        *outer, _ = ops.shape(outputs)
        shape = (*outer, self.num_channels, self.parameters_per_site)
        return ops.cast(ops.reshape(outputs, shape), "float32")

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "num_channels": self.num_channels,
            "parameters_per_site": self.parameters_per_site,
        }
