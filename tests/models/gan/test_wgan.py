import numpy as np
import pytest
from contracts import AdversarialContract

from keras_gen.models import WGAN
from keras_gen.networks import mlp
from keras_gen.random import Rows


def tiny(seed=0, **options):
    generator = mlp((3,), [16], (8, 8, 1), output_activation="tanh", name="generator")
    discriminator = mlp((8, 8, 1), [16], (1,), output_bias=False, name="discriminator")
    return WGAN(generator, discriminator, seed=seed, name="tiny", **options)


class TestContract(AdversarialContract):
    model_class = WGAN

    def make(self, seed=0):
        return tiny(seed=seed, discriminator_steps=2)


def test_the_critic_takes_five_steps_and_is_clipped_at_a_hundredth_by_default():
    assert (tiny().discriminator_steps, tiny().clip) == (5, 0.01)


def test_every_critic_weight_is_clipped_after_every_update():
    model = tiny(clip=0.02, discriminator_steps=2)
    largest = []
    clip = model.after_discriminator_update

    def recorded():
        before = [np.abs(w).max() for w in model.discriminator.get_weights()]
        clip()
        after = [np.abs(w).max() for w in model.discriminator.get_weights()]
        largest.append((max(before), max(after)))

    model.after_discriminator_update = recorded
    model.compile(run_eagerly=True)
    model.fit(TestContract().x(16), batch_size=8, verbose=0)
    assert len(largest) == 4
    # Glorot's initial weights are larger than the clip.
    assert largest[0][0] > 0.02
    assert all(after <= 0.02 for _, after in largest)
    generator = max(np.abs(w).max() for w in model.generator.get_weights())
    assert generator > 0.02


def test_the_estimate_is_the_distance_of_the_projection_on_a_linear_critic():
    model = tiny()
    linear = mlp((8, 8, 1), [], (1,), output_bias=False)
    kernel = np.array(Rows(64, 0).normal((1,), "kernel"))
    linear.set_weights([kernel])
    model = WGAN(model.generator, linear)
    images, fakes = TestContract().x(9), TestContract().x(9, seed=1)
    terms = model.discriminator_terms(
        images, fakes, batch=type("Batch", (), {"y": None}), training=True
    )
    gap = (images.mean(axis=0) - fakes.mean(axis=0)).ravel() @ kernel
    np.testing.assert_allclose(terms["wasserstein_estimate"], gap[0], rtol=1e-4)
    assert terms["discriminator_loss"] == -terms["wasserstein_estimate"]


@pytest.mark.parametrize("clip", [0.0, -1.0, float("nan")])
def test_bad_clips_are_refused(clip):
    with pytest.raises(ValueError, match="`clip` must be above 0"):
        tiny(clip=clip)
