"""The domains of what `impute()` takes: masks, and the seeds of what it draws."""

from pathlib import Path

import numpy as np

from keras_gen import media
from keras_gen.domains import Domain


class KnownSites(Domain):
    """Masks of known sites.

    Args:
        sites: Tuple `(height, width, channels)`.
        in_order: Boolean, whether known sites must come first in raster order.
    """

    dtype = "bool"
    bounds = (0, 1)
    noun = "masks"

    def __init__(self, sites, in_order=True):
        self.shape, self.in_order = tuple(sites), in_order

    def draw(self, rows) -> np.ndarray:
        """Masks of a random number of known sites, the first ones if `in_order`."""
        num_sites = int(np.prod(self.shape))
        known = np.floor(np.asarray(rows.uniform((), "known")) * num_sites)
        places = np.arange(num_sites)[None]
        if not self.in_order:
            places = np.argsort(rows.uniform((num_sites,), "places"), axis=1)
        mask = places < known[:, None]
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
        return {"sites": self.shape, "in_order": self.in_order}

    def _check_values(self, values, name):
        self.full(values, len(values), name)

    def full(self, mask, num_rows, name="mask") -> np.ndarray:
        """Checks a mask and repeats it for each example.

        Args:
            mask: Boolean array of shape `(height, width)`, `sites` or
                `(num_rows, *sites)`; for sequences and vectors also `(length,)` or
                `(num_rows, length)`.
            num_rows: Integer.
            name: String, the caller's name of it.

        Returns:
            Boolean array of shape `(num_rows, *sites)`.

        Raises:
            ValueError: If `mask` is wrong, or a site is known after an unknown one
                though they must come in order.
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
        if self.in_order:
            self._check_order(mask, name)
        return mask

    def _check_order(self, mask, name):
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


class Seeds(Domain):
    """Pairs of a seed and a row, from which a method draws as much as it needs."""

    dtype = "int32"
    shape = (2,)
    noun = "pairs of a seed and a row"

    def get_config(self) -> dict:
        return {}
