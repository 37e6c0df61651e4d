"""Protocols: the numbers of images, samples and seeds of a measurement."""

from typing import NamedTuple

from keras_gen.arguments import check_count
from keras_gen.random import check_seed


class Protocol(NamedTuple):
    """The numbers of images, samples and seeds. The defaults are the full protocol.

    Attributes:
        num_images: Integer of at least 2, the largest number of test images.
        num_samples: Integer of at least 2, the samples compared with the test images.
        num_training_images: Integer of at least 1, the training images among which the
            nearest neighbour of a sample is searched.
        num_seeds: Integer of at least 1, the number of sets of samples. Their seeds are
            `seed`, `seed + 1` and so on.
        num_importance_samples: Integer of at least 1, for a bound on the likelihood.
        seed: Integer in [0, 2**31), the seed of all random numbers.
        samples: Optional path of a folder of shards of the model. If given, its first
            `num_samples` samples are measured, and none are drawn.
        split: String, the split of the recipe's data to measure on. For another split
            than "test", distances are from the last training images.
    """

    num_images: int = 10_000
    num_samples: int = 10_000
    num_training_images: int = 60_000
    num_seeds: int = 3
    num_importance_samples: int = 5000
    seed: int = 0
    samples: str | None = None
    split: str = "test"

    @property
    def is_quick(self) -> bool:
        """Whether it is about few images, so that seconds count."""
        return self.num_images < 5000

    def check(self) -> None:
        """Raises a ValueError if a field is not as stated."""
        for name, least in zip(self._fields[:5], (2, 2, 1, 1, 1), strict=True):
            check_count(getattr(self, name), name, least)
        check_seed(self.seed)


#: A protocol that takes seconds.
QUICK = Protocol(500, 500, 500, num_seeds=1, num_importance_samples=50)


def full_protocol(recipe) -> Protocol:
    """The protocol of an entry's card; a recipe may lower the importance samples."""
    samples = getattr(recipe, "num_importance_samples", 5000)
    return Protocol(num_importance_samples=samples)
