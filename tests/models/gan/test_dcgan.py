from contracts import AdversarialContract

from keras_gen.models import DCGAN


def tiny(seed=0, **options):
    return DCGAN((8, 8, 1), [4], latent_dim=3, seed=seed, name="tiny", **options)


class TestContract(AdversarialContract):
    model_class = DCGAN

    def make(self, seed=0):
        return tiny(seed=seed)
