import warnings

import numpy as np
import pytest
from contracts import make_tiny

from keras_gen.callbacks import DiscriminatorCollapse
from keras_gen.models import DCGAN, GAN, WGAN
from keras_gen.networks import mlp


def warned(model, discriminator_loss, generator_loss):
    """The warnings after an epoch with these losses."""
    watch = DiscriminatorCollapse()
    watch.set_model(model)
    watch.on_train_begin()
    logs = {"discriminator_loss": discriminator_loss, "generator_loss": generator_loss}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        watch.on_epoch_end(4, logs)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ((0.01, 9.0), "In epoch 5 the discriminator tells all images from all samples"),
        ((1.386, 0.693), "In epoch 5 the discriminator cannot tell images from samp"),
        ((1.386, -0.693), "cannot tell images from samples at all"),
        ((1.386, 1.2), None),
        ((0.4, 3.0), None),
    ],
)
def test_an_end_of_the_game_is_told_with_what_helps(losses, message):
    found = warned(make_tiny(DCGAN), *losses)
    assert len(found) == (message is not None)
    if found:
        assert message in found[0]
        assert "Remedies: a" in found[0]


def test_label_smoothing_lifts_the_least_loss():
    model = make_tiny(GAN)
    model.label_smoothing = 0.1
    entropy = -0.9 * np.log(0.9) - 0.1 * np.log(0.1)
    assert warned(model, entropy + 0.04, 9.0)
    assert not warned(model, entropy + 0.06, 9.0)


def test_a_discriminator_that_has_won_is_noticed_in_training():
    generator, discriminator = mlp((2,), [], (4, 4, 1)), mlp((4, 4, 1), [], (1,))
    for weight in generator.weights:
        weight.assign(0.0 * weight)
    # Images of ones score 16, samples, which are zero, -16.
    kernel, bias = discriminator.weights
    kernel.assign(2.0 + 0.0 * kernel)
    bias.assign(bias - 16.0)
    model = GAN(generator, discriminator)
    model.compile(jit_compile=False)
    watch = DiscriminatorCollapse()
    with pytest.warns(UserWarning, match="In epoch 1 the discriminator tells all"):
        model.fit(np.ones((8, 4, 4, 1)), callbacks=[watch], verbose=0)


def test_other_models_are_refused():
    with pytest.raises(ValueError, match="the game has stopped.*Received: WGAN"):
        warned(make_tiny(WGAN), 0.0, 0.0)
