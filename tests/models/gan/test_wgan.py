from contracts import AdversarialContract

from keras_gen.models import WGAN
from keras_gen.networks import mlp


def tiny(seed=0, **options):
    generator = mlp((3,), [16], (8, 8, 1), output_activation="tanh", name="generator")
    discriminator = mlp((8, 8, 1), [16], (1,), output_bias=False, name="discriminator")
    return WGAN(generator, discriminator, seed=seed, name="tiny", **options)


class TestContract(AdversarialContract):
    model_class = WGAN

    def make(self, seed=0):
        return tiny(seed=seed)
