"""Fills in what is missing by a Markov chain between latents and unknown values."""

import tensorflow as tf

from keras_gen.distributions import draw
from keras_gen.models.base.imputing import Imputing
from keras_gen.random import Rows


class PosteriorImputing(Imputing):
    """Ability: a latent-variable model that draws unknown values step by step.

    The chain starts from a sample of the model. Each step draws latents from the
    posterior of the example as it is filled in now, and then the unknown values from
    the likelihood of these latents.

    - `"pseudo-gibbs"` takes the latents as they are (Rezende et al., 2014, section
      5.4). Its limit is that of the model only if the posterior is exact.
    - `"metropolis"` takes them with the probability of Metropolis and Hastings, else
      it keeps the old ones (Mattei and Frellsen, 2018, section 3.3). Its limit is the
      conditional distribution of the model, whatever the posterior. The first tenth of
      its steps takes all latents, because a chain that starts far away moves rarely.

    Both need a call of the encoder and one of the decoder for each step. A subclass has
    `posterior(x)`, a TFP distribution with `mean()` and `stddev()`, and
    `parameters(latents)`, from which `output_distribution` makes the likelihood.

    References:
        [Stochastic backpropagation](https://arxiv.org/abs/1401.4082), 2014;
        [Leveraging the exact likelihood of deep latent variable
        models](https://arxiv.org/abs/1802.04826), 2018.
    """

    imputation_methods = ("metropolis", "pseudo-gibbs")
    imputation_steps = 100
    # Most of a step is drawing random numbers, which XLA does in a third of the time.
    compiled_imputing = True

    def imputed(self, seed, x, mask, y=None, method=None, steps=None, mean=None):
        steps = tf.constant(self.imputation_steps) if steps is None else steps
        given = {} if y is None else {"y": y}
        mask = tf.reshape(mask, (-1, *self.x_domain.shape))
        x = tf.where(mask, x, 0.0)

        def rows(step):
            return Rows.of(seed[:, 0], seed[:, 1], step)

        def filled_by(parameters, step):
            likelihood = self.output_distribution(parameters)
            return tf.where(mask, x, draw(likelihood, rows(step), "unknown"))

        def go_on(step, latents, parameters, filled, total):
            posterior = self.posterior(filled, **given)
            noise = self.posterior_noise(rows(step))
            state = posterior.mean() + posterior.stddev() * noise
            state = state, self.parameters(state, **given)
            if method != "pseudo-gibbs":
                old = latents, parameters
                odds = self.log_acceptance(filled, posterior, old, state, **given)
                chance = tf.math.log(rows(step).uniform((), "acceptance"))
                is_new = (chance < odds) | (10 * step <= steps)
                state = [
                    _chosen(is_new, *pair) for pair in zip(state, old, strict=True)
                ]
            latents, parameters = state
            if mean:
                counts = tf.cast(2 * step > steps, tf.float32)
                total += counts * self.output_distribution(parameters).mean()
            return step + 1, latents, parameters, filled_by(parameters, step), total

        latents = self.latents_from_noise(self.noise_rows(rows(0)), **given)
        parameters = self.parameters(latents, **given)
        filled = filled_by(parameters, 0)
        *_, filled, total = tf.while_loop(
            lambda step, *_: step <= steps,
            go_on,
            (tf.constant(1), latents, parameters, filled, tf.zeros_like(x)),
        )
        if not mean:
            return filled
        return tf.where(mask, x, total / tf.cast(steps - steps // 2, tf.float32))

    def log_acceptance(self, x, posterior, old, new, y=None) -> tf.Tensor:
        """The log of the odds that new latents are taken in place of old ones.

        It is `log p(x, new) - log q(new | x) - log p(x, old) + log q(old | x)`, which
        is 0 if the posterior `q` is exact.

        Args:
            x: Float32 tensor of shape `(batch, *x_domain.shape)`.
            posterior: What `posterior(x)` returns.
            old: Pair of latents of shape `(batch, latent_dim)` and their
                `parameters()`.
            new: The same.
            y: Tensor of the `y_domain`, if there is one.

        Returns:
            Float32 tensor of shape `(batch,)`.
        """
        given = {} if y is None else {"y": y}
        weights = []
        for latents, parameters in (old, new):
            log_joint = self.output_distribution(parameters).log_prob(x)
            log_joint += self.log_prior(latents, **given)
            weights.append(log_joint - posterior.log_prob(latents))
        return weights[1] - weights[0]


def _chosen(is_first, first, second):
    """Rows of one tensor or of the other."""
    shape = (-1, *[1] * (len(first.shape) - 1))
    return tf.where(tf.reshape(is_first, shape), first, second)
