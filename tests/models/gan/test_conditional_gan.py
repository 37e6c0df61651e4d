from contracts import AdversarialContract

from keras_gen.models import ConditionalGAN
from keras_gen.networks import mlp


def tiny(seed=0, **options):
    generator = mlp(
        (2 + 3,), [16], (8, 8, 1), output_activation="tanh", name="generator"
    )
    discriminator = mlp((8, 8, 1 + 3), [16], (1,), name="discriminator")
    return ConditionalGAN(
        generator, discriminator, num_classes=3, seed=seed, name="tiny", **options
    )


class TestContract(AdversarialContract):
    model_class = ConditionalGAN
    num_classes = 3

    def make(self, seed=0):
        return tiny(seed=seed)
