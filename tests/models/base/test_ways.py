"""What the contracts try eagerly or in one mode, tried in all of them: once a way."""

import keras
import numpy as np
import pytest
from contracts import (
    arrays_of,
    check_fit_takes_every_kind_of_data,
    contract_of,
    restore,
)

from keras_gen.models import GAN, VAE, PixelCNN

#: One loss, two players, and one loss over sites.
WAYS = [VAE, GAN, PixelCNN]


@pytest.mark.parametrize("model_class", WAYS)
def test_xla_trains_as_a_graph_does_and_the_same_each_time(model_class):
    contract = contract_of(model_class)()
    plain, compiled = (contract.fresh(jit_compile=jit) for jit in (False, True))
    start = arrays_of(compiled)
    expected = plain.fit(contract.data(), verbose=0).history
    found = compiled.fit(contract.data(), verbose=0).history
    end = arrays_of(compiled)
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, rel=1e-4), name
    for a, b in zip(plain.trainable_weights, compiled.trainable_weights, strict=True):
        np.testing.assert_allclose(np.array(a), np.array(b), atol=1e-5)
    restore(compiled, start)
    assert compiled.fit(contract.data(), verbose=0).history == found
    for a, b in zip(arrays_of(compiled), end, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("model_class", WAYS)
def test_a_graph_takes_every_kind_of_data(model_class):
    contract = contract_of(model_class)()
    model = contract.fresh(metrics=["mse"])
    check_fit_takes_every_kind_of_data(contract, model)


@pytest.mark.parametrize("model_class", WAYS)
def test_half_precision_trains_in_a_graph_and_samples(model_class):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        contract = contract_of(model_class)()
        model = contract.fresh()
        history = model.fit(contract.data(), verbose=0).history
        samples = model.sample(2, seed=0)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert np.isfinite(list(history.values())).all()
    assert samples.dtype == np.float32
    low, high = model.x_domain.bounds
    assert low <= samples.min() <= samples.max() <= high
    assert model.predict(contract.inputs(2), verbose=0).dtype == np.float32


def test_sites_are_drawn_under_xla_as_without_it():
    model = contract_of(PixelCNN)().fresh()
    plain = model.sample(4, seed=3, temperature=0.8)
    model.compiled_sampling = PixelCNN.compiled_sampling
    assert model.compiled_sampling
    np.testing.assert_array_equal(model.sample(4, seed=3, temperature=0.8), plain)
