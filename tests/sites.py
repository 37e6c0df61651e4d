"""Models of sites: their two samplers, what a site sees, all probabilities together."""

import numpy as np
import tensorflow as tf

from keras_gen.domains import Symbols, Waveforms
from keras_gen.models.base import Site
from keras_gen.random import Rows


def near_a_step(model, x, noise, y=None, temperature=1.0):
    """Where the number of a site lies within 1e-5 of a step of the CDF.

    Args:
        model: `AutoregressiveModel`.
        x: Array of examples.
        noise: What they were drawn from.
        y: Array of the `y_domain`, if there is one.
        temperature: Float.

    Returns:
        Boolean array of shape `(num, *sites)`.
    """
    return np.abs(_distance_to_steps(model, x, noise, y, temperature)).min(-1) < 1e-5


def _distance_to_steps(model, x, noise, y, temperature):
    uniform, order = model.choose_order(tf.constant(noise))
    y = None if y is None else tf.constant(y)
    parameters = model.ordered_parameters(tf.constant(x), y, order)
    parameters = model.by_site(parameters)
    steps = model.output_distribution.cumulative(parameters, temperature)
    return np.array(uniform[..., None] - steps)


def check_one_pass_gives_samples_back(model, num, x=None, mask=None, **options):
    """The network run once on fast samples, inverted at the same uniforms.

    A site may differ only where its uniform lies within 1e-5 of a step. Samples are
    drawn without XLA, which would compile for seconds.
    """
    model.compiled_sampling = False
    sites = (num, *model.x_domain.sites)
    known = np.zeros(sites, bool)
    if mask is None:
        samples = model.sample(num, seed=2, **options)
    else:
        samples = model.impute(x, mask, seed=2, **options)
        known = np.broadcast_to(mask, sites)
        given = known.reshape(x.shape)
        np.testing.assert_array_equal(samples[given], x[given])
    y = model.y_for(num, options.get("y"))
    distance = _distance_to_steps(
        model, samples, model.noise(num, seed=2), y, options.get("temperature", 1.0)
    )
    levels = (distance >= 0).sum(axis=-1)
    near = np.abs(distance).min(axis=-1) < 1e-5
    drawn = np.array(model.levels_of(tf.constant(samples)))
    assert np.all((levels == drawn) | known | near)
    assert near.sum() <= 1 + 4e-5 * distance.size


def check_slow_sampler_agrees(model, num, x=None, mask=None, **options):
    """The whole network for each site gives what the fast sampler gives."""
    noise, conditions = model.noise(num, seed=6), model.conditions(num, **options)
    conditions |= {} if mask is None else {"x": x, "mask": mask}
    conditions = {name: tf.constant(values) for name, values in conditions.items()}
    fast = model.from_noise(noise, **conditions)
    slow = model.from_noise_slowly(noise, **conditions)
    np.testing.assert_allclose(fast, slow, atol=1e-6)


def parameters_one_by_one(model, x):
    """The parameters of all sites of sequences, each from the cache after the other.

    Returns:
        Array of shape `(num, length, parameters_per_value)`.
    """
    levels, found = model.levels_of(x)[:, 0, :, 0], []
    cache, level = model.initial_cache(len(x)), tf.zeros(len(x), tf.int32)
    for place in range(x.shape[1]):
        site = Site(tf.constant(0), tf.constant(place), 0)
        parameters, cache = model.advance(cache, site, level)
        found.append(parameters)
        level = levels[:, place]
    return np.stack(found, axis=1)


def influence_of_sites(model, num=4):
    """Largest derivative of the parameters of each site by each site.

    Returns:
        Array of shape `(num_sites, num_sites)`, parameters first, the largest absolute
        derivative at some random examples between the levels. Of symbols and sound,
        whose levels have no derivative, how far parameters change with a level.
    """
    domain = model.x_domain
    sites = int(np.prod(domain.sites))
    if isinstance(domain, (Symbols, Waveforms)):
        return _influence_of_levels(model, num, sites)
    x = Rows(num, 0).uniform(domain.shape, "grey")
    # One copy of an example for each site whose parameters are differentiated.
    x = tf.repeat(x, sites, axis=0)
    y = None if model.y_domain is None else tf.constant(model.y_for(len(x)) * 0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        parameters = model.by_site(model.site_parameters(x, y))
        parameters = tf.reshape(parameters, (num, sites, sites, -1))
        of_own_site = [
            tf.linalg.diag_part(some) for some in tf.unstack(parameters, axis=-1)
        ]
    derivatives = [np.abs(tape.gradient(some, x)) for some in of_own_site]
    return np.reshape(derivatives, (-1, num, sites, sites)).max(axis=(0, 1))


def _influence_of_levels(model, num, sites):
    domain = model.x_domain
    levels = np.array(model.levels_of(tf.constant(domain.draw(Rows(num, 0)))))
    y = None if model.y_domain is None else tf.constant(model.y_for(num) * 0)

    def parameters_of(levels):
        x = tf.reshape(domain.from_levels(levels), (num, *domain.shape))
        return np.reshape(model.by_site(model.site_parameters(x, y)), (num, sites, -1))

    before, columns = parameters_of(levels), []
    for site in range(sites):
        other = levels.copy()
        symbols = other.reshape(num, -1)
        symbols[:, site] = (symbols[:, site] + 1) % domain.num_levels
        columns.append(np.abs(parameters_of(other) - before).max(axis=(0, 2)))
    return np.stack(columns, axis=1)


def total_probability(model, y=None):
    """The sum of the probabilities of all black and white images."""
    sites = int(np.prod(model.x_domain.sites))
    x = (np.arange(2**sites)[:, None] >> np.arange(sites)) & 1
    x = x.reshape(-1, *model.x_domain.shape).astype("float32")
    y = None if y is None else np.full(len(x), y)
    return np.exp(model.log_prob(x, y).astype("float64")).sum()
