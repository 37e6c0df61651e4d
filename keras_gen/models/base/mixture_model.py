"""The base of mixtures: an example is drawn from one of several components."""

import numpy as np
import tensorflow as tf

from keras_gen.domains import Domain, Scalars, Vectors
from keras_gen.models.base.abilities import ExactLikelihood
from keras_gen.models.base.expectation_maximization import ExpectationMaximization
from keras_gen.models.base.marks import marked
from keras_gen.models.base.sampling import Sampler


class MixtureModel(Sampler, ExactLikelihood, ExpectationMaximization):
    """Abstract: a weighted sum of distributions, fitted by expectation maximization.

    The constructor of a subclass sets `num_components`. The parameters begin with the
    weights of the components, and the statistics with their mean responsibilities.
    """

    default_method = "responsibilities"
    #: Integer, the number of components.
    num_components = None
    #: Optional layer of a flow, of whose outputs the model is a mixture.
    preprocessing = None

    # Hooks

    def log_joint(self, x, parameters) -> tf.Tensor:
        """The log of the weight times the density of each component.

        Args:
            x: Tensor of shape `(batch, *x_domain.shape)`.
            parameters: List of tensors, from `maximize()`.

        Returns:
            Float32 tensor of shape `(batch, num_components)`.
        """
        raise NotImplementedError

    def shared_statistics(self, x, shares, parameters) -> list:
        """The further mean statistics of a batch.

        Args:
            x: As in `log_joint()`.
            shares: The responsibilities, of shape `(batch, num_components)`.
            parameters: As in `log_joint()`.
        """
        raise NotImplementedError

    def component_noise(self, rows) -> tf.Tensor:
        """The noise of an example of a component, of shape `(num, size)`."""
        raise NotImplementedError

    def draw_from(self, chosen, noise, parameters) -> tf.Tensor:
        """Draws from components.

        Args:
            chosen: One-hot tensor of shape `(num, num_components)`.
            noise: Tensor from `component_noise()`.
            parameters: As in `log_joint()`.

        Returns:
            Tensor of shape `(num, *x_domain.shape)`.
        """
        raise NotImplementedError

    # What follows

    def expect(self, x, parameters, training=False):
        joint = self.log_joint(x, parameters)
        bound = tf.reduce_logsumexp(joint, axis=1)
        if not training:
            return bound, None
        shares = tf.nn.softmax(joint)
        found = self.shared_statistics(x, shares, parameters)
        return bound, [tf.reduce_mean(shares, axis=0), *found]

    def batch_log_prob(self, x):
        return self.expect(x, self.parameters())[0]

    @marked(("x",), ("responsibilities",))
    def responsibilities(self, x) -> tf.Tensor:
        """Computes the probability of each component given an example.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.

        Returns:
            Float32 tensor of shape `(batch, num_components)`, whose rows sum to 1.
        """
        return tf.nn.softmax(self.log_joint(x, self.parameters()))

    def domain_of(self, name) -> Domain | None:
        if name == "responsibilities":
            return Vectors(self.num_components)
        if name == "preprocessed_log_prob" and self.preprocessing is not None:
            return Scalars()
        return super().domain_of(name)

    @marked(("x",), ("preprocessed_log_prob",), traced=None)
    def preprocessed_log_prob(self, x, seed=0, batch_size=256) -> np.ndarray:
        """Computes the log density of preprocessed images, without the log-determinant.

        Args:
            x: Array of shape `(num, *x_domain.shape)`.
            seed: Not used, because images have a density here; flows draw noise by it.
            batch_size: Integer of at least 1.

        Returns:
            Float32 array of shape `(num,)`, in nats.

        Raises:
            ValueError: If an argument is wrong, or nothing is preprocessed.
        """
        if self.preprocessing is None:
            raise ValueError(
                "`preprocessing` of the model is None, so there is no density of its "
                "outputs: use `log_prob()`."
            )
        log_prob = self.log_prob(x, batch_size=batch_size)
        x = np.asarray(x, self.x_domain.dtype)
        blocks = range(0, len(x), batch_size)
        found = [self.preprocessing(x[i : i + batch_size])[1] for i in blocks]
        return log_prob - np.concatenate(found)

    def noise_rows(self, rows):
        uniform = rows.uniform((1,), "component")
        return tf.concat([uniform, self.component_noise(rows)], axis=1)

    def from_noise(self, noise):
        noise = self.take("noise", noise)
        parameters = self.parameters()
        passed = tf.cast(noise[:, :1] >= tf.cumsum(parameters[0])[:-1], "float32")
        # The differences of a falling row of ones and zeros.
        passed = tf.pad(passed, [[0, 0], [1, 0]], constant_values=1.0)
        chosen = passed - tf.pad(passed[:, 1:], [[0, 0], [0, 1]])
        return self.draw_from(chosen, noise[:, 1:], parameters)
