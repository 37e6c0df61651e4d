"""How much is measured."""

from typing import NamedTuple

from keras_gen.arguments import check_count
from keras_gen.random import check_seed


class Protocol(NamedTuple):
    """How much is measured; the full protocol by default.

    Attributes:
        num_images: Integer of at least 2, the most test images to take.
        num_samples: Integer of at least 2, samples to compare with them.
        num_training_images: Integer of at least 1, training images among which the
            nearest to a sample is searched.
        num_seeds: Integer of at least 1, sets of samples, of seeds `seed`, `seed + 1`
            and so on.
        num_importance_samples: Integer of at least 1, for a bound on the likelihood.
        seed: Integer in [0, 2**31), of everything random.
        samples: Optional path of a folder of shards of the model, whose first
            `num_samples` are measured instead of samples that are drawn.
        split: String, the split of the recipe's data to measure on. Distances are then
            from test images, or for any other split from the last training images.
    """

    num_images: int = 10_000
    num_samples: int = 10_000
    num_training_images: int = 60_000
    num_seeds: int = 3
    num_importance_samples: int = 5000
    seed: int = 0
    samples: str | None = None
    split: str = "test"

    def check(self):
        """Raises a ValueError that names a field which is not as stated."""
        for name, least in zip(self._fields[:5], (2, 2, 1, 1, 1), strict=True):
            check_count(getattr(self, name), name, least)
        check_seed(self.seed)


#: A protocol of seconds, whose numbers the tests find again.
QUICK = Protocol(1000, 1000, 1000, num_seeds=1, num_importance_samples=100)


def full_protocol(recipe):
    """The protocol of an entry's card; a recipe may lower the importance samples."""
    samples = getattr(recipe, "num_importance_samples", 5000)
    return Protocol(num_importance_samples=samples)
