"""Numbers of a model on test data, each with its protocol."""

import numpy as np

from keras_gen.arguments import check_count
from keras_gen.models.base import LatentVariableModel
from keras_gen.random import Rows, check_seed
from keras_gen.zoo.loading import load
from keras_gen.zoo.recipes import load_recipe

#: Images and importance samples of the quick protocol.
QUICK = {"num_images": 1000, "num_importance_samples": 100}


def full_protocol(recipe):
    """Images and importance samples of the full protocol, which a recipe may lower."""
    samples = getattr(recipe, "num_importance_samples", 5000)
    return {"num_images": 10_000, "num_importance_samples": samples}


def evaluate(name, num_images=None, num_importance_samples=None, seed=0):
    """Measures a pretrained model on the test data of its recipe.

    Args:
        name: String, one of `keras_gen.zoo.names()`.
        num_images: Optional integer of at least 2, the first so many test images.
            Defaults to 10,000, as in the entry's card.
        num_importance_samples: Optional integer of at least 1, for models with a bound
            on the likelihood. Defaults to that of the entry's card, which is 5,000
            unless the recipe says otherwise.
        seed: Integer in [0, 2**31), seed of the measurement.

    Returns:
        Dict with `metric`, `value`, `unit`, `standard_error` over the images, and
        `protocol`, a dict; see `measure()`.

    Raises:
        ValueError: If there is no such entry, or an argument is not as stated.
    """
    recipe = load_recipe(name)
    given = {"num_images": num_images, "num_importance_samples": num_importance_samples}
    given = {key: value for key, value in given.items() if value is not None}
    protocol = {**full_protocol(recipe), **given}
    return measure(load(name), recipe.data("test"), **protocol, seed=seed)


def measure(model, data, num_images, num_importance_samples, seed=0):
    """The number by which models of its kind are compared.

    Args:
        model: A model of `keras_gen.models`.
        data: `tf.data.Dataset` of batches of test images.
        num_images: Integer of at least 2, at most so many images are used.
        num_importance_samples: Integer of at least 1.
        seed: Integer in [0, 2**31).

    Returns:
        Dict. For models with latents and a prior: the negative importance-weighted
        bound on the log likelihood, in nats an image. For other autoencoders: the
        squared error of the reconstruction, summed over an image; of corrupted images,
        where the model learned to recover them.
    """
    check_count(num_images, "num_images", 2)
    images = first_images(data, num_images)
    if isinstance(model, LatentVariableModel):
        bound = model.log_likelihood(images, num_importance_samples, seed)
        return {
            "metric": "negative log likelihood",
            "value": -bound.mean,
            "unit": "nats",
            "standard_error": bound.standard_error,
            "protocol": {
                "bound": "importance-weighted",
                "num_importance_samples": num_importance_samples,
                "monte_carlo_error": bound.monte_carlo_error,
                "num_images": len(images),
                "seed": seed,
            },
        }
    protocol = {"num_images": len(images)}
    inputs = images
    if hasattr(model, "corrupt"):
        inputs = model.corrupt(images, Rows(len(images), check_seed(seed)))
        protocol |= {"corruption": type(model.corruption).__name__, "seed": seed}
    errors = np.square(model.predict(inputs, verbose=0) - images)
    errors = errors.reshape(len(images), -1).sum(axis=1, dtype=np.float64)
    return {
        "metric": "squared error",
        "value": float(errors.mean()),
        "unit": "squared pixel values an image",
        "standard_error": float(errors.std(ddof=1) / np.sqrt(len(errors))),
        "protocol": protocol,
    }


def first_images(data, num_images):
    """The first images of a dataset as one float32 array."""
    images, count = [], 0
    for batch in data:
        batch = batch[0] if isinstance(batch, tuple) else batch
        images.append(batch.numpy()[: num_images - count])
        count += len(images[-1])
        if count == num_images:
            break
    return np.concatenate(images)
