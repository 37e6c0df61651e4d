"""Draws the unknown sites of examples whose first sites are known."""

import tensorflow as tf

from keras_gen.models.base.imputing import Imputing
from keras_gen.random import Rows


class SiteImputing(Imputing):
    """Ability: a `SiteSampler` that draws what follows known first sites.

    What is drawn has the exact conditional distribution. Expected values are the means
    of the sites given the earlier ones, averaged over `steps` completions.
    """

    imputation_methods = ("exact",)
    imputation_steps = 10
    known_in_order = True
    why_not = (
        "draws the sites in several orders, not all of which begin with known ones"
    )

    def imputed(
        self,
        seed,
        x,
        mask,
        y=None,
        temperature=1.0,
        method=None,
        steps=None,
        mean=None,
        top_k=None,
        top_p=None,
    ):
        def drawn(step):
            noise = self.noise_rows(Rows.of(seed[:, 0], seed[:, 1], step))
            return self.from_noise(noise, y, temperature, x, mask, top_k, top_p)

        if not mean:
            return drawn(0)
        if top_k is not None or top_p is not None:
            raise ValueError(
                "`top_k` and `top_p` must be left out with `mean=True`: expected "
                "values are over all levels."
            )

        def add(step, total):
            parameters = self.by_site(self.site_parameters(drawn(step), y))
            warmth = tf.reshape(temperature, (-1, 1, 1, 1))
            return step + 1, total + self.output_distribution.mean(parameters, warmth)

        start = (tf.constant(0), tf.zeros_like(mask, tf.float32))
        _, total = tf.while_loop(lambda step, _: step < steps, add, start)
        means = self.x_domain.from_levels(total / tf.cast(steps, tf.float32))
        shape = (-1, *self.x_domain.shape)
        return tf.where(tf.reshape(mask, shape), x, tf.reshape(means, shape))
