"""A warning when a generator and a discriminator have stopped learning."""

import warnings

import keras

from keras_gen.models.base import marks_of

_WON = 0.05
_DRAWN = 0.01


class DiscriminatorCollapse(keras.callbacks.Callback):
    """Warns when a discriminator can tell all samples from images, or none.

    It compares the mean losses of an epoch with `stopped_losses` of the model. The
    discriminator has won if its loss is within 0.05 of the least possible one, which is
    0 without label smoothing: the generator then learns almost nothing. It is a draw if
    both losses are within 0.01 of those of scores that are all zero, `log 4` and
    `log 2`.

    Raises:
        ValueError: In training, if the model has no `stopped_losses`.
    """

    def on_train_begin(self, logs=None) -> None:
        if not is_watched(self.model):
            raise ValueError(
                "`DiscriminatorCollapse` watches adversarial models whose losses show "
                "that the game has stopped, such as `GAN`. Received: "
                f"{type(self.model).__name__}"
            )

    def on_epoch_end(self, epoch, logs=None) -> None:
        losses = logs["discriminator_loss"], abs(logs["generator_loss"])
        stopped = self.model.stopped_losses
        if losses[0] < stopped["won"] + _WON:
            self._warn(
                epoch,
                "the discriminator tells all images from all samples",
                logs,
                "The generator learns next to nothing from it. Remedies: a lower "
                "learning rate or `instance_noise` for the discriminator, "
                "`label_smoothing`, a smaller discriminator, or `WGANGP`; with "
                "`minimax_generator_loss`, `non_saturating_generator_loss`.",
            )
        elif all(
            abs(loss - drawn) < _DRAWN
            for loss, drawn in zip(losses, stopped["drawn"], strict=True)
        ):
            self._warn(
                epoch,
                "the discriminator cannot tell images from samples at all",
                logs,
                "If the samples do not look like the images, it does not learn. "
                "Remedies: a higher learning rate for it, more "
                "`discriminator_steps`, less `instance_noise`, or a larger "
                "discriminator.",
            )

    def _warn(self, epoch, what, logs, advice):
        warnings.warn(
            f"In epoch {epoch + 1} {what}: discriminator_loss "
            f"{logs['discriminator_loss']:.4f}, generator_loss "
            f"{logs['generator_loss']:.4f}. {advice}",
            UserWarning,
            stacklevel=3,
        )


def is_watched(model) -> bool:
    """Whether the losses of a model can show that its game has stopped."""
    return bool(marks_of(model)) and model.stopped_losses is not None
