"""What methods of Keras are given is checked, as what marked methods are given."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import contract_of

from keras_gen.distributions import CategoricalLikelihood
from keras_gen.domains import Waveforms
from keras_gen.models import GAN, VAE, ConditionalGAN, GatedPixelCNN, PixelCNN
from keras_gen.models.base import Phase
from keras_gen.random import Rows


def make(model_class, **options):
    model = contract_of(model_class)().make()
    model.compile(**{"run_eagerly": True, **options})
    return model


def batches(model, spoil=lambda arrays: None):
    """Four batches of four examples, once `spoil` has changed the arrays."""
    contract = contract_of(type(model))()
    arrays = [np.array(array) for array in contract.arrays(16)]
    spoil(arrays)
    whole = tuple(arrays) if arrays[1:] else arrays[0]
    return tf.data.Dataset.from_tensor_slices(whole).batch(4)


def with_nan(arrays):
    arrays[0][9].flat[0] = np.nan


def with_a_wrong_label(arrays):
    arrays[1][9] = 99


class Batches(keras.utils.PyDataset):
    def __init__(self, dataset):
        super().__init__()
        self.batches = [
            tuple(part.numpy() for part in batch)
            if isinstance(batch, tuple)
            else batch.numpy()
            for batch in dataset
        ]

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


@pytest.mark.parametrize("wrap", [lambda data: data, Batches, lambda d: d.repeat()])
def test_a_later_batch_of_nan_is_named(wrap):
    model = make(VAE)
    options = {"steps_per_epoch": 4, "epochs": 9, "verbose": 0}
    with pytest.raises(ValueError, match="^Batch 2 is wrong: `x` holds NaN: 1 of"):
        model.fit(wrap(batches(model, with_nan)), **options)
    assert int(model.optimizer.iterations) == 4
    with pytest.raises(ValueError, match="^Batch 2 is wrong: `x` holds NaN"):
        model.evaluate(wrap(batches(model, with_nan)), steps=4, verbose=0)


@pytest.mark.parametrize("model_class", [ConditionalGAN, GatedPixelCNN])
def test_a_later_label_out_of_range_is_named(model_class):
    model = make(model_class)
    with pytest.raises(ValueError, match=r"^Batch 2 is wrong: `y` must lie in \[0, "):
        model.fit(batches(model, with_a_wrong_label), verbose=0)


def test_a_graph_says_which_batch_of_validation_is_wrong():
    model = make(ConditionalGAN, run_eagerly=False, jit_compile=False)
    wrong = batches(model, with_a_wrong_label)
    with pytest.raises(ValueError, match="^Batch 2 is wrong: `y` must lie"):
        model.fit(batches(model).take(1), validation_data=wrong, verbose=0)


def test_a_training_that_diverges_on_good_data_is_let_be():
    model = make(VAE, optimizer=keras.optimizers.SGD(1e30))
    history = model.fit(batches(model), epochs=2, verbose=0).history
    assert not np.isfinite(history["loss"][-1])


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
def test_single_batches_are_checked(method):
    model = make(ConditionalGAN)
    x, y = contract_of(ConditionalGAN)().arrays(4)
    call = getattr(model, method)
    for arguments, message in (
        ((x + 9, y), "`x` must lie"),
        ((x, y + 99), "`y` must lie"),
        ((x,), "`y` must be given"),
        ((x[:, 1:], y), "`x` must have shape"),
    ):
        with pytest.raises(ValueError, match=message):
            call(*arguments)
    with pytest.raises(ValueError, match="`sample_weight` must be left out"):
        call(x, y, sample_weight=np.ones(4))
    assert np.isfinite(call(x, y)).all()


def test_predictions_are_of_what_the_model_is_called_on():
    model = make(ConditionalGAN)
    latents, labels = model.noise(3, 0).numpy(), np.arange(3)
    for method in (model.predict, model.predict_on_batch):
        with pytest.raises(ValueError, match="`latents` holds NaN"):
            method((latents * np.nan, labels))
        with pytest.raises(ValueError, match="`y` must lie in"):
            method((latents, labels + 99))
    model = make(PixelCNN)
    x = contract_of(PixelCNN)().x(3)
    for wrong in (x + 9, tf.data.Dataset.from_tensors(x + 9), iter([x + 9])):
        with pytest.raises(ValueError, match="`x` must lie in"):
            model.predict(wrong, verbose=0)


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "train_on_batch"])
def test_a_list_of_numbers_is_refused_in_few_words(method):
    model = make(VAE)
    numbers = contract_of(VAE)().x(64).tolist()
    with pytest.raises(ValueError, match="`x` must be an array of images") as error:
        getattr(model, method)(numbers)
    assert len(str(error.value)) < 1000


def test_noise_and_what_samples_depend_on_is_checked():
    model = contract_of(PixelCNN)().make()
    noise, x = model.noise(2, 0), contract_of(PixelCNN)().x(2)
    mask = np.ones((2, *model.x_domain.sites), bool)
    late = mask.copy()
    late[0].flat[0] = False
    for method in (model.from_noise, model.from_noise_slowly):
        for options, message in (
            ({"noise": noise * np.nan}, "`noise` holds NaN"),
            ({"noise": noise[:, 1:]}, "`noise` must have shape"),
            ({"temperature": 0.0}, "`temperature` must be a positive"),
            ({"temperature": [1.0, -1.0]}, "`temperature` must be a positive"),
            ({"y": [0, 0]}, "`y` must be left out"),
            ({"x": x + 9, "mask": mask}, "`x` must lie"),
            ({"x": x, "mask": late}, "`mask` must know .*unknown before"),
        ):
            with pytest.raises(ValueError, match=message):
                method(**{"noise": noise, **options})


@pytest.mark.parametrize("model_class", [VAE, GAN])
def test_noise_is_named_where_it_becomes_latents(model_class):
    model = contract_of(model_class)().make()
    with pytest.raises(ValueError, match="`noise` holds NaN"):
        model.from_noise(model.noise(2, 0) * np.nan)


def test_known_sound_comes_back_as_it_was_given():
    domain = Waveforms(6, 8000, levels=8)
    model = contract_of(PixelCNN)().model_class(
        (1, 6, 1), CategoricalLikelihood(8), filters=8, num_layers=1
    )
    model.x_domain = domain
    model.compiled_sampling = False
    x = Waveforms(6, 8000).draw(Rows(3, 0))
    known = np.arange(6) < 4
    found = model.impute(x, known, seed=0)
    np.testing.assert_array_equal(found[:, :4], x[:, :4])
    rounded = domain.on_levels(found)
    np.testing.assert_allclose(found[:, 4:], rounded[:, 4:], atol=1e-6)
    assert not np.allclose(found[:, :4], rounded[:, :4], atol=1e-3)


@pytest.mark.parametrize("model_class", [VAE, GAN, ConditionalGAN, PixelCNN])
def test_whole_numbers_and_booleans_are_examples_too(model_class):
    contract = contract_of(model_class)()
    model = make(model_class)
    x, *y = contract.arrays(4)
    is_white = x > np.mean(model.x_domain.bounds)
    assert np.isfinite(model.evaluate(is_white, *y, verbose=0)).all()
    if model.call_takes[0] == "x":
        expected = model.predict(is_white.astype("float32"), verbose=0)
        for dtype in (bool, "int64", "uint8"):
            found = model.predict(is_white.astype(dtype), verbose=0)
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("model_class", [VAE, ConditionalGAN])
def test_keras_exports_what_the_model_is_called_on(model_class, tmp_path):
    contract = contract_of(model_class)()
    model = contract.make()
    model.export(tmp_path, verbose=False)
    loaded, inputs = tf.saved_model.load(tmp_path), contract.inputs(3)
    is_pair = isinstance(inputs, tuple)
    given = [tf.constant(part) for part in (inputs if is_pair else (inputs,))]
    found = loaded.serve(given if is_pair else given[0])
    np.testing.assert_allclose(found, model.predict(inputs, verbose=0), atol=1e-6)


def test_keras_cannot_export_what_is_not_known(tmp_path, monkeypatch):
    model = contract_of(VAE)().make()
    monkeypatch.setattr(model, "call_takes", ())
    with pytest.raises(ValueError, match="`input_signature` .*export_saved_model"):
        model.export(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((), {"d_optimizer": "adam"}, "`d_optimizer` is not an argument of `GAN.comp"),
        ((), {"loss_fn": "mse"}, "`discriminator_optimizer`, `generator_optimizer` an"),
        (("adam", "adam"), {}, "give `discriminator_optimizer`, `generator_optimizer`"),
        ((), {"loss": "mse"}, "`loss` must be left out"),
    ],
)
def test_compile_names_its_arguments(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        contract_of(GAN)().make().compile(*arguments, **options)


def test_one_loss_has_one_optimizer():
    with pytest.raises(ValueError, match="`generator_optimizer` .* takes `optimizer`"):
        contract_of(VAE)().make().compile(generator_optimizer="adam")


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"loss": 1.0, "rate": 2.0, "surprise": 3.0}, "`term_names` .*: surprise"),
        ({"rate": 2.0}, "must hold 'loss', which is minimized. Received: rate"),
    ],
)
def test_terms_have_the_names_that_the_model_states(terms, message):
    model = make(VAE)
    model.phases = lambda: [Phase("", lambda *_, **__: terms, model.trainable_weights)]
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=message):
            method(batches(model), verbose=0)
