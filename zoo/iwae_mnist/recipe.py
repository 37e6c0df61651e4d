"""IWAE of five draws, on dynamically binarized MNIST.

200-200-50 tanh units each way, as in the one-layer model of Burda et al. (2015,
arXiv:1509.00519), table 1, k = 5. Data, first biases and optimizer are those of
`vae_mnist`.

Command: keras-gen train iwae_mnist
"""

from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import IWAE
from keras_gen.networks import mlp
from keras_gen.zoo.shelf.recipes import load_recipe

IMAGE_SHAPE = (28, 28, 1)
_vae = load_recipe("vae_mnist")

epochs = 500
extractor = "classifier_mnist"
binarization = _vae.binarization
data, prepare, compile = _vae.data, _vae.prepare, _vae.compile
paper = {
    "negative_log_likelihood": {
        "value": 85.54,
        "source": "Burda et al., 2015, table 1, one layer, k = 5",
        "protocol": {
            "bound": "importance-weighted",
            "num_importance_samples": 5000,
            "num_images": 10_000,
            "binarization": "dynamic",
        },
    },
}


def model(seed=0):
    encoder = mlp(IMAGE_SHAPE, [200, 200], (100,), activation="tanh", name="encoder")
    decoder = mlp((50,), [200, 200], IMAGE_SHAPE, activation="tanh", name="decoder")
    return IWAE(
        encoder, decoder, BernoulliLikelihood(), 5, seed=seed, name="iwae_mnist"
    )
