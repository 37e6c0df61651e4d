"""What tests of games share: who learns when, and a game of grey levels to learn."""

import keras
import numpy as np

#: What `train_on_grey_levels()` shows for each of three labels.
GREY_LEVELS = (-0.8, 0.0, 0.8)


def train_on_grey_levels(model):
    """Trains a game of images of shape (8, 8, 1), each of one grey, by its label."""
    images = np.repeat(np.float32(GREY_LEVELS), 64)
    images = np.broadcast_to(images.reshape(-1, 1, 1, 1), (192, 8, 8, 1))
    model.compile(
        discriminator_optimizer=keras.optimizers.Adam(3e-3, 0.5),
        generator_optimizer=keras.optimizers.Adam(3e-3, 0.5),
        steps_per_execution=10,
    )
    labels = np.repeat(np.arange(3), 64)
    model.fit(images, labels, batch_size=64, epochs=150, verbose=0)


def learners(model, names):
    """The names of the networks that learn in each phase, by the name of the phase."""
    networks = {name: getattr(model, name).trainable_variables for name in names}
    return {
        phase.name: {
            name
            for name, variables in networks.items()
            if any(v is w for v in phase.variables for w in variables)
        }
        for phase in model.phases()
    }
