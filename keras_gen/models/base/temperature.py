"""Samples that are nearer to the most probable ones, or farther from them."""

import numpy as np

from keras_gen.arguments import shown
from keras_gen.domains import Domain, Scalars
from keras_gen.models.base.sampling import Sampler


class Tempered(Sampler):
    """Ability: a model that samples at a temperature, which 1 leaves as it is."""

    def domain_of(self, name) -> Domain | None:
        if name == "temperature":
            return Scalars(0.5, 2.0)
        return super().domain_of(name)

    def conditions(
        self, num_samples, first_row=0, y=None, temperature=1.0, **given
    ) -> dict:
        """Checks and completes the further arguments of `sample()`.

        Args:
            num_samples: Integer, the number of samples.
            first_row: Integer, the place of the first sample among those of its seed.
            y: For models with classes: one label for each sample, or one for all. By
                default row 0 has the first class, row 1 the second, and so on.
            temperature: Positive float. An autoregressive model raises the
                probabilities of each site to the power `1 / temperature`; a flow
                multiplies latents by it.
            **given: No other argument is allowed.

        Returns:
            Dict of arrays whose first axis is `num_samples`.

        Raises:
            ValueError: If an argument is wrong.
        """
        check_temperature(temperature)
        if np.ndim(temperature):
            raise ValueError(
                "`temperature` must be a positive number, one for all samples. "
                f"Received: {shown(temperature)}"
            )
        conditions = super().conditions(num_samples, first_row, y, **given)
        temperature = np.full(num_samples, temperature, np.float32)
        return {"temperature": temperature, **conditions}


def check_temperature(temperature) -> None:
    """Raises a ValueError unless `temperature` is a positive number, or an array."""
    least = np.finfo(np.float32).tiny
    values = np.asarray(temperature)
    if values.dtype.kind not in "fiu" or not np.all(values >= least):
        raise ValueError(
            f"`temperature` must be a positive number, of at least {least}. Received: "
            f"{shown(temperature)}"
        )
