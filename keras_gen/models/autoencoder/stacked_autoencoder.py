"""Stacked autoencoder (Bengio et al., 2006; Vincent et al., 2010)."""

import keras
import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.models.base import (
    Autoencoding,
    Batch,
    EncoderDecoder,
    GenerativeModel,
    Phase,
    keras_seams,
)
from keras_gen.networks import renamed


@keras.saving.register_keras_serializable(package="keras_gen")
class StackedAutoencoder(Autoencoding, GenerativeModel):
    """A stack of autoencoders, trained one after the other.

    Each level is an autoencoder of the latents of the level below. Its targets are
    these latents, clean also if the level corrupts its inputs. While a level learns,
    the levels below do not change. `fit()` trains the next level, and the steps of the
    optimizer count from 0 again. When all levels are trained, `fit()` trains the last
    one further. With `epochs_per_level`, one `fit()` trains all of them in turn.

    `evaluate()` is about the level that has learned last. Reports `loss`, the loss of
    that level. Latents are those of the top level, and `decode()` goes down through all
    levels. `to_classifier()` gives the encoders as a classifier to fine-tune.

    Args:
        levels: List of `keras_gen.models.Autoencoder`, `DenoisingAutoencoder` or other
            models of an encoder, a decoder and one loss, from the images up. Each takes
            the latents of the one before.
        epochs_per_level: Optional integer of at least 1. If given, `fit()` trains each
            level for that number of epochs.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If the levels do not match, or an argument is wrong.

    Reference:
        [Stacked Denoising Autoencoders](https://jmlr.org/papers/v11/vincent10a.html),
        2010; without corruption: Bengio, Lamblin, Popovici and Larochelle, "Greedy
        Layer-Wise Training of Deep Networks", NIPS 2006.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import Autoencoder, StackedAutoencoder
    >>> from keras_gen.networks import mlp
    >>> low = Autoencoder(mlp((8, 8, 1), [], (16,)), mlp((16,), [], (8, 8, 1)))
    >>> high = Autoencoder(mlp((16,), [], (4,)), mlp((4,), [], (16,)))
    >>> model = StackedAutoencoder([low, high])
    >>> model.compile()
    >>> for _ in range(2):
    ...     history = model.fit(np.zeros((8, 8, 8, 1)), verbose=0)
    >>> model.to_classifier(10).output_shape
    (None, 10)
    """

    def __init__(self, levels, epochs_per_level=None, **kwargs):
        super().__init__(**kwargs)
        _check_levels(levels)
        if epochs_per_level is not None:
            check_count(epochs_per_level, "epochs_per_level", 1)
        self.levels = list(levels)
        self.epochs_per_level = epochs_per_level
        self.x_domain = levels[0].x_domain
        self.latent_dim = levels[-1].latent_dim
        # A weight, so that a loaded or resumed model goes on.
        options = {"dtype": "int32", "trainable": False, "initializer": "zeros"}
        options["aggregation"] = "only_first_replica"
        self._trained_levels = self.add_weight((), name="trained_levels", **options)
        self._learning = None

    @property
    def level(self) -> int:
        """Integer, the level that `fit()` trains next: 0 for the lowest.

        You can set it to train a level once more. Levels above it then count as
        untrained. The optimizer keeps the moments of their first training.
        """
        return min(self._num_trained(), len(self.levels) - 1)

    @level.setter
    def level(self, level):
        check_count(level, "level", 0)
        if level > self.level:
            raise ValueError(
                f"`level` must be at most {self.level}: levels below must be trained "
                f"first, and {self._num_trained()} are. Received: {level}"
            )
        self._trained_levels.assign(level)

    def _num_trained(self):
        with tf.init_scope():
            return int(self._trained_levels.numpy())

    def fit_callbacks(self):
        return [_Levels()]

    def phases(self):
        levels, variables = self.levels[:], self.trainable_variables
        levels.pop(self._active())
        frozen = [v for level in levels for v in level.trainable_variables]
        return [Phase("", self.loss_terms, variables, frozen=frozen)]

    def loss_terms(self, batch, training):
        *below, level = self.levels[: self._active() + 1]
        x = _encoded(batch.x, below)
        return {"loss": level.loss_terms(Batch(x, batch.rows), training)["loss"]}

    def _active(self):
        """The level that learns, or has learned last."""
        if self._learning is not None:
            return self._learning
        return max(self._num_trained() - 1, 0)

    def encode(self, x):
        return _encoded(x, self.levels)

    def decode(self, latents):
        for level in reversed(self.levels):
            latents = level.decode(latents)
        return latents

    def to_classifier(self, num_classes) -> keras.Model:
        """The encoders with a layer of logits on top, to fine-tune as a classifier.

        The encoders are those of this model, not copies: fine-tuning changes both.

        Args:
            num_classes: Integer of at least 2.

        Returns:
            A built `keras.Model` from images to logits of shape `(num_classes,)`.

        Raises:
            ValueError: If `num_classes` is wrong.
        """
        check_count(num_classes, "num_classes", 2)
        images = x = keras.Input(self.x_domain.shape, name="images")
        for index, level in enumerate(self.levels):
            x = renamed(level.encoder, f"encoder_{index}")(x)
        logits = keras.layers.Dense(num_classes, name="logits")(x)
        return keras.Model(images, logits, name=f"{self.name}_classifier")


class _Levels(keras.callbacks.Callback):
    """Chooses the level that learns, at the beginning of each epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        model = self.model
        if model._learning != model.level:
            model._learning = model.level
            # These functions hold the variables of another level.
            model.make_train_function(force=True)
            model.test_function = None

    def on_epoch_end(self, epoch, logs=None):
        num_epochs = self.model.epochs_per_level
        if num_epochs is not None and (epoch + 1) % num_epochs == 0:
            self._finish()

    def on_train_end(self, logs=None):
        if self.model.epochs_per_level is None:
            self._finish()

    def _finish(self):
        model = self.model
        model._trained_levels.assign(model.level + 1)
        if model.level != model._learning:
            # The optimizer has no other state yet of the variables of the next level.
            keras_seams.steps_taken(model.optimizer).assign(0)


def _encoded(x, levels):
    for level in levels:
        x = tf.cast(level.encoder(x, training=False), tf.float32)
    return x


def _check_levels(levels):
    is_list = isinstance(levels, (list, tuple)) and len(levels) > 0
    if not is_list or not all(
        isinstance(level, EncoderDecoder) and level.phases()[0].name == ""
        for level in levels
    ):
        raise ValueError(
            "`levels` must be a list of at least one model of an encoder, a decoder and"
            f" one loss, such as `Autoencoder`. Received: {shown(levels)}"
        )
    for index, (below, above) in enumerate(zip(levels[:-1], levels[1:], strict=True)):
        if above.x_domain.shape != (below.latent_dim,):
            raise ValueError(
                f"`levels[{index + 1}]` must take the latents of `levels[{index}]`, of "
                f"shape {(below.latent_dim,)}. Received one that takes "
                f"{above.x_domain.shape}"
            )
