"""Completes examples whose first sites are known."""

from pathlib import Path

import numpy as np

from keras_gen import media
from keras_gen.arguments import check_count
from keras_gen.domains import Domain
from keras_gen.models.base.marks import marked
from keras_gen.random import check_seed, fresh_seed


class KnownSites(Domain):
    """Masks of known sites. Known sites come first in raster order.

    Args:
        sites: Tuple `(height, width, channels)`.
    """

    dtype = "bool"
    bounds = (0, 1)
    noun = "masks"

    def __init__(self, sites):
        self.shape = tuple(sites)

    def draw(self, rows) -> np.ndarray:
        """Masks of a random number of first sites."""
        num_sites = int(np.prod(self.shape))
        known = np.floor(np.asarray(rows.uniform((), "known")) * num_sites)
        mask = np.arange(num_sites) < known[:, None]
        return mask.reshape(-1, *self.shape)

    def load(self, path) -> np.ndarray:
        """Reads masks from pictures, white where sites are known, or from an array.

        Pictures are as `keras_gen.domains.Images` reads them; a `.csv` or `.npy` file
        holds ones and zeros.
        """
        if Path(path).suffix in (".csv", ".npy"):
            return super().load(path)
        height, width, channels = self.shape
        white = media.load_images(path, (height, width, 1)) > 127
        return np.repeat(white, channels, axis=-1)

    def get_config(self) -> dict:
        return {"sites": self.shape}

    def _check_values(self, values, name):
        self.full(values, len(values), name)

    def full(self, mask, num_rows, name="mask") -> np.ndarray:
        """Checks a mask and repeats it for each example.

        Args:
            mask: Boolean array of shape `(height, width)`, `sites` or
                `(num_rows, *sites)`; for sequences also `(length,)` or
                `(num_rows, length)`.
            num_rows: Integer.
            name: String, the caller's name of it.

        Returns:
            Boolean array of shape `(num_rows, *sites)`.

        Raises:
            ValueError: If `mask` is wrong, or a site is known after an unknown one.
        """
        mask = np.asarray(mask)
        height, width, _ = self.shape
        shapes = [(height, width), self.shape, (num_rows, *self.shape)]
        if height == 1:
            shapes += [(width,), (num_rows, width)]
        if mask.shape not in shapes:
            raise ValueError(
                f"`{name}` must have shape {', '.join(map(str, shapes[:-1]))} or "
                f"{shapes[-1]}. Received shape: {mask.shape}"
            )
        if mask.shape == (height, width):
            mask = mask[..., None]
        elif mask.shape in ((width,), (num_rows, width)):
            mask = mask.reshape(-1, 1, width, 1)
        mask = np.broadcast_to(mask, (num_rows, *self.shape))
        if mask.dtype.kind not in "biuf":
            raise ValueError(f"`{name}` must be boolean. Received dtype: {mask.dtype}")
        if not np.isin(mask, (0, 1)).all():
            raise ValueError(
                f"`{name}` must be boolean. Received values from {mask.min()} to "
                f"{mask.max()}"
            )
        mask = mask.astype(bool)
        sites = mask.reshape(len(mask), -1)
        late = sites[:, 1:] & ~sites[:, :-1]
        if late.any():
            row, site = np.argwhere(late)[0]
            where = tuple(int(i) for i in np.unravel_index(site, self.shape))
            raise ValueError(
                f"`{name}` must know the sites of an example from the first on, in "
                "raster order: sites drawn before a known one would not be drawn given "
                f"it. Received, for example {row}, site {where} unknown before a known "
                "one."
            )
        return mask


class Completion:
    """Ability: a `SiteSampler` that completes examples with known first sites."""

    #: Whether the sites come in raster order, so that known ones can come first.
    completes = True

    def domain_of(self, name):
        if name == "mask":
            return KnownSites(self.x_domain.sites) if self.completes else None
        return super().domain_of(name)

    @marked(("noise", "x", "mask", "y", "temperature"), ("x",), traced="from_noise")
    def complete(
        self,
        x,
        mask,
        seed=None,
        y=None,
        temperature=1.0,
        batch_size=256,
        first_row=0,
    ) -> np.ndarray:
        """Draws the unknown sites of examples given the known ones.

        Args:
            x: Array of shape `(num, *x_domain.shape)`; only known sites are read.
            mask: Boolean array, which sites are known; of shape `(height, width)`,
                `sites` or `(num, *sites)`, for sequences also `(length,)` or
                `(num, length)`. The known sites of an example must come first in raster
                order: rows from the top, pixels of a row from the left, channels of a
                pixel in the order R, G, B. Their number may differ between examples.
            seed: Integer in [0, 2**31); the same seed gives the same completions. By
                default a random one.
            y: For models with a `y_domain`: one for each example, or one for all. By
                default, row 0 has the first class, row 1 the second, and so on.
            temperature: Positive float; the probabilities of each site are raised to
                the power `1 / temperature`.
            batch_size: Integer of at least 1. It limits memory and does not change the
                result.
            first_row: Integer of at least 0, the row of noise of the first example.

        Returns:
            Numpy array with the shape of `x`; known sites keep their values.

        Raises:
            ValueError: If an argument is wrong, or the model draws sites in
                several orders.
        """
        check_count(batch_size, "batch_size", 1)
        check_count(first_row, "first_row", 0)
        seed = fresh_seed() if seed is None else check_seed(seed)
        self.x_domain.check_shape(x, "x")
        mask = self.known_sites(mask, len(x))
        x = self._where_known(x, mask)
        conditions = self.conditions(
            len(x), first_row=first_row, y=y, temperature=temperature
        )
        conditions |= {"x": x, "mask": mask}
        return self.draw(len(x), seed, batch_size, first_row, conditions)

    def known_sites(self, mask, num_rows) -> np.ndarray:
        """The mask of each example, a boolean array of shape `(num_rows, *sites)`.

        Raises:
            ValueError: If `mask` is wrong, see `complete()`, or the model draws sites
                in several orders.
        """
        if not self.completes:
            raise ValueError(
                f"`mask` must be left out: this {type(self).__name__} draws the sites "
                "in several orders, not all of which begin with known ones."
            )
        return self.domain_of("mask").full(mask, num_rows)

    def _where_known(self, x, mask):
        """Checks the known sites of examples and sets the others to some value."""
        x = np.asarray(x)
        if x.dtype.kind not in "biuf":
            raise ValueError(f"`x` must hold numbers. Received dtype: {x.dtype}")
        lowest = np.asarray(self.x_domain.from_levels(np.zeros(x.shape, np.int32)))
        x = np.where(mask.reshape(x.shape), x, lowest)
        self.x_domain.check(x, "x")
        return x.astype(self.x_domain.dtype)
