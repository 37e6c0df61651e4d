"""A buffer of past fakes, from which a discriminator is shown some."""

import keras
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.models.base import replicas


class PastFakes(keras.layers.Layer):
    """A buffer of the last fakes, so that a discriminator does not forget them.

    While the buffer fills, fakes are shown as they are. Then each fake is kept with
    probability one half, in a random place, and the fake that was there is shown;
    otherwise the new one is shown. So half of what is shown is old. Places in one batch
    are different, and what is shown was there before the batch. Of a batch larger than
    the buffer, the surplus is shown as it is.

    The buffer is a weight: it is saved with the model and resumed exactly. All replicas
    hold the same one, filled from the whole batch.

    Args:
        size: Integer of at least 1, the fakes that the buffer holds.
        shape: Tuple of integers, the shape of a fake.
        name: String, by which the draws of several buffers differ.

    Raises:
        ValueError: If `size` is wrong.

    Reference:
        Shrivastava et al., Learning from Simulated and Unsupervised Images through
        Adversarial Training, 2016 (arXiv:1612.07828), section 2.3; Zhu et al. 2017
        (arXiv:1703.10593), section 4.
    """

    def __init__(self, size, shape, name):
        super().__init__(trainable=False, dtype="float32", name=name)
        check_count(size, "size", 1)
        self.size = size
        self.fakes = self._state((size, *shape), "float32", "fakes")
        self.count = self._state((), "int32", "count")
        self.built = True

    def _state(self, shape, dtype, name):
        return self.add_weight(
            shape=shape,
            dtype=dtype,
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
            name=name,
        )

    def show(self, fakes, rows) -> tf.Tensor:
        """Keeps some of the new fakes, and returns what a discriminator is shown.

        Args:
            fakes: Float32 tensor of shape `(batch, *shape)`.
            rows: `keras_gen.random.Rows` of the batch.

        Returns:
            Tensor of the shape of `fakes`, through which no gradient flows.
        """
        num = tf.shape(fakes)[0]
        fakes, draws, order = (
            replicas.whole_batch(part)
            for part in (
                tf.stop_gradient(fakes),
                rows.uniform((), f"{self.name} draws"),
                rows.uniform((self.size,), f"{self.name} places"),
            )
        )
        before, count = (
            tf.convert_to_tensor(v.value) for v in (self.fakes, self.count)
        )
        fits = tf.minimum(tf.shape(fakes)[0], self.size)
        is_full = count >= self.size
        # The first row orders the places, so that none comes twice.
        drawn = tf.argsort(order[0], stable=True)[:fits]
        free = count + tf.range(fits)
        is_kept = tf.where(is_full, draws[:fits] < 0.5, free < self.size)
        places = tf.where(is_full, drawn, free % self.size)
        old, new = tf.gather(before, places), fakes[:fits]
        is_kept, is_full = (
            tf.reshape(part, (-1, *[1] * (len(fakes.shape) - 1)))
            for part in (is_kept, is_full)
        )
        shown = tf.where(is_full & is_kept, old, new)
        shown = tf.concat([shown, fakes[fits:]], axis=0)
        kept = tf.where(is_kept, new, old)
        after = tf.tensor_scatter_nd_update(before, places[:, None], kept)
        replicas.assign_everywhere(self.fakes, after)
        count = tf.minimum(count + tf.shape(fakes)[0], self.size)
        replicas.assign_everywhere(self.count, count)
        first = tf.distribute.get_replica_context().replica_id_in_sync_group * num
        return shown[first : first + num]
