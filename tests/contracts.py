"""The promises of every model. A model's test subclasses `ModelContract`."""

import contextlib
import functools
import importlib.util
import itertools
import json
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from graphs import accesses, optimized_graphs, races, traced_step
from memory import release

import keras_gen.models
from keras_gen.callbacks import Checkpoints
from keras_gen.latents import linear_path, spherical_path
from keras_gen.models.base import (
    AdversarialModel,
    AutoregressiveModel,
    PhaseOptimizers,
    ReconstructionModel,
    Sampler,
    choose_ordering,
)
from keras_gen.random import Rows, seed_initializers

TESTS = Path(__file__).parent
LOAD_MODEL = TESTS / "processes" / "load_model.py"


class Training(NamedTuple):
    """A trained model, its variables before and after, and what `fit()` reported."""

    model: keras.Model
    start: list
    end: list
    reported: dict


class OneDevice(NamedTuple):
    """A model, the graphs of its step after optimization, and what it reported."""

    model: keras.Model
    graphs: list
    reported: dict


class Stopped(keras.callbacks.Callback):
    """Interrupts a training after so many steps of an epoch, checkpoints written."""

    def __init__(self, checkpoints, epoch, step):
        super().__init__()
        self.checkpoints, self.epoch, self.step = checkpoints, epoch, step

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch
        self.stop(0)

    def on_train_batch_end(self, batch, logs=None):
        self.stop(batch + 1)

    def stop(self, step):
        self.checkpoints.wait()
        if (self.now, step) == (self.epoch, self.step):
            raise KeyboardInterrupt


class ModelContract:
    """A subclass says which model it is about and makes a tiny one, untrained."""

    model_class = None
    image_shape = (8, 8, 1)
    #: Classes of the images, for models that learn from labels.
    num_classes = None

    def make(self, seed=0):
        raise NotImplementedError

    def images(self, num_images=24, seed=0):
        """Black and white images in the model's range."""
        low, high = self.model_class.image_range
        bits = Rows(num_images, seed).uniform(self.image_shape, "contract") < 0.3
        return np.where(bits, np.float32(high), np.float32(low))

    def arrays(self, num_images=24, seed=0):
        """What `fit` takes: images, and labels where the model learns from them."""
        images = self.images(num_images, seed)
        if self.num_classes is None:
            return (images,)
        return images, np.arange(num_images) % self.num_classes

    def data(self, num_images=24, seed=0):
        """Batches of eight of the same images, in one order."""
        arrays = self.arrays(num_images, seed)
        whole = arrays if self.num_classes else arrays[0]
        return tf.data.Dataset.from_tensor_slices(whole).batch(8)

    def inputs(self, num):
        """What `predict` takes: images, unless a contract says otherwise."""
        return self.images(num)

    def fresh(self, **options):
        """A model with the same initial weights each time, compiled."""
        seed_initializers(1)
        model = self.make()
        model.compile(**options)
        return model

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _released(cls):
        yield
        release()

    # The only trainings of a contract that are traced: tracing a step takes a second,
    # taking it a millisecond. All others are eager, of a step or two.

    @pytest.fixture(scope="class")
    @classmethod
    def training(cls):
        """A model trained for nine steps, by `fit()` as it is called by default."""
        contract = cls()
        model = contract.fresh()
        start = arrays_of(model)
        reported = model.fit(contract.data(), epochs=3, verbose=0).history
        return Training(model, start, arrays_of(model), reported)

    @pytest.fixture(scope="class")
    @classmethod
    def one_device(cls):
        """A model after three steps on one device, traced as exports are."""
        contract = cls()
        model = contract.fresh()
        size = 4 * model.num_shares
        arrays = [tf.constant(array) for array in contract.arrays(3 * size)]
        batches = [tuple(a[i : i + size] for a in arrays) for i in (0, size, 2 * size)]
        step = traced_step(model)
        graphs, _ = optimized_graphs(step, batches[0])
        for batch in batches[1:]:
            reported = step(batch)
        return OneDevice(model, graphs, {k: float(v) for k, v in reported.items()})

    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls, training):
        """The trained model."""
        return training.model

    @pytest.fixture
    def rewound(self, training):
        """The trained model as it was before its first step, with its traces."""
        restore(training.model, training.start)
        yield training.model
        restore(training.model, training.end)

    @pytest.fixture
    def unteachable(self, trained, monkeypatch):
        """The trained model, which bad input cannot train even if it is let through."""
        for name in ("fit", "evaluate"):
            monkeypatch.setattr(keras.Model, name, passed_the_checks)
        return trained

    def test_make_makes_the_model_under_test(self):
        assert type(self.make()) is self.model_class

    def test_config_round_trips(self):
        model = self.make(seed=5)
        config = model.get_config()
        again = self.model_class.from_config(config).get_config()
        assert again["seed"] == 5
        assert json.dumps(config, sort_keys=True) == json.dumps(again, sort_keys=True)

    def test_fit_reports_every_term(self, training):
        assert set(training.reported) == set(training.model.term_names)
        assert np.isfinite(list(training.reported.values())).all()

    def test_fit_changes_every_trainable_weight(self, training):
        learned = {id(weight) for weight in training.model.trainable_weights}
        for variable, before, after in zip(
            variables_of(training.model), training.start, training.end, strict=True
        ):
            if id(variable) in learned:
                learned.remove(id(variable))
                assert not np.allclose(before, after, atol=1e-7), variable.path
        assert not learned

    def test_a_short_last_batch_does_not_bias_the_means(self, trained):
        arrays = self.arrays(10)
        short = trained.evaluate(*arrays, batch_size=8, verbose=0, return_dict=True)
        whole = trained.evaluate(*arrays, batch_size=10, verbose=0, return_dict=True)
        for name, value in whole.items():
            assert short[name] == pytest.approx(value, rel=1e-4), name

    def test_evaluate_gives_the_same_numbers_again(self, trained):
        first = trained.evaluate(*self.arrays(10), batch_size=8, verbose=0)
        again = trained.evaluate(*self.arrays(10), batch_size=8, verbose=0)
        assert first == again

    def test_fit_takes_arrays_pairs_validation_data_and_metrics(self):
        model = self.make()
        model.compile(metrics=["mse"], run_eagerly=True)
        check_fit_takes_every_kind_of_data(self, model)

    def test_predict_takes_arrays_and_pairs(self, trained):
        inputs = self.inputs(5)
        pairs = tf.data.Dataset.from_tensor_slices((inputs, np.arange(5))).batch(2)
        outputs = trained.predict(inputs, verbose=0)
        assert len(outputs) == 5
        np.testing.assert_allclose(
            trained.predict(pairs, verbose=0), outputs, atol=1e-5
        )

    def test_same_seed_same_training(self, training, rewound):
        again = self.fresh()
        for a, b in zip(arrays_of(again), training.start, strict=True):
            np.testing.assert_array_equal(a, b)
        reported = rewound.fit(self.data(), epochs=3, verbose=0).history
        assert reported == training.reported
        for a, b in zip(arrays_of(rewound), training.end, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_without_xla_what_a_step_does_to_a_variable_has_one_order(self, one_device):
        # Under XLA a step is one operation, which reads and writes a variable once.
        assert any(accesses(graph) for graph in one_device.graphs)
        found = [pair for graph in one_device.graphs for pair in races(graph)]
        assert not found, found

    def test_training_goes_on_bit_equal_from_a_checkpoint(
        self, training, rewound, tmp_path
    ):
        options = {"steps_per_epoch": 3, "epochs": 3, "verbose": 0}
        with contextlib.closing(Checkpoints(tmp_path, steps=2)) as checkpoints:
            callbacks = [checkpoints, Stopped(checkpoints, 1, 2)]
            with pytest.raises(KeyboardInterrupt):
                rewound.fit(self.data().repeat(), callbacks=callbacks, **options)
        resumed = self.fresh()
        with contextlib.closing(Checkpoints(tmp_path)) as checkpoints:
            assert checkpoints.restore(resumed) == (1, 1)
            resumed.fit(
                self.data().repeat().skip(1),
                initial_epoch=1,
                callbacks=[checkpoints],
                **options,
            )
        for name in resumed.term_names:
            assert resumed.history.history[name] == training.reported[name], name
        variables = variables_of(resumed)
        for variable, found, expected in zip(
            variables, arrays_of(resumed), training.end, strict=True
        ):
            if "evaluated_rows" not in variable.path:
                np.testing.assert_array_equal(found, expected, variable.path)

    def test_two_replicas_take_the_steps_of_one_device(self, one_device, two_replicas):
        one = one_device.model
        with two_replicas.scope():
            both = self.fresh()
        size = 4 * one.num_shares
        options = {"batch_size": size, "shuffle": False, "verbose": 0}
        found = both.fit(*self.arrays(3 * size), **options).history
        for name in one.term_names:
            expected = pytest.approx(one_device.reported[name], rel=1e-4)
            assert found[name] == [expected], name
        for a, b in zip(one.trainable_weights, both.trainable_weights, strict=True):
            scale = max(np.abs(np.array(a)).max(), 1e-3)
            np.testing.assert_allclose(
                np.array(b) / scale, np.array(a) / scale, atol=1e-5
            )
            first, second = both.distribute_strategy.experimental_local_results(b.value)
            np.testing.assert_array_equal(first.numpy(), second.numpy())

    def test_updates_that_are_not_finite_are_skipped(self):
        model = self.fresh(skip_nonfinite=True, jit_compile=False)
        images, *labels = self.arrays()
        images[8:16] = np.nan
        parts = (images, *labels) if labels else images
        batches = tf.data.Dataset.from_tensor_slices(parts).batch(8)
        history = model.fit(batches, verbose=0).history
        assert set(history) == {*model.term_names, "skipped_updates"}
        assert history.pop("skipped_updates")[0] >= 1
        assert np.isfinite(list(history.values())).all()
        for variable in (*model.weights, *model.optimizer.variables):
            assert np.isfinite(np.array(variable)).all(), variable.path

    def test_a_saved_model_loads_in_another_process(self, trained, loader, tmp_path):
        trained.save(tmp_path / "model.keras")
        inputs = self.inputs(5)
        arrays = inputs if isinstance(inputs, tuple) else (inputs,)
        np.savez(tmp_path / "inputs.npz", *arrays)
        names = "model.keras", "inputs.npz", "outputs.npz"
        done = loader.run(LOAD_MODEL, *(tmp_path / name for name in names))
        assert done.returncode == 0, done.stderr
        with np.load(tmp_path / "outputs.npz") as found:
            outputs, *optimizer = found.values()
        np.testing.assert_array_equal(outputs, trained.predict(inputs, verbose=0))
        assert len(optimizer) > 2
        for variable, array in zip(trained.optimizer.variables, optimizer, strict=True):
            np.testing.assert_array_equal(np.array(variable), array, variable.path)

    @pytest.mark.parametrize(
        ("spoil", "message"),
        [
            (lambda x, r: x[:, :-1], "must have shape"),
            (lambda x, r: x[..., 0], "must have shape"),
            (lambda x, r: np.where(x == r[1], np.nan, x), "holds NaN"),
            (lambda x, r: x * 255 + r[1], r"must lie in \["),
            (lambda x, r: x[:0], "holds no images"),
            (lambda x, r: x.astype(str), "must hold numbers"),
            (lambda x, r: None, "must be given"),
            (lambda x, r: 5, "must be an array"),
            (lambda x, r: [x, x], "must be an array"),
            (lambda x, r: tf.data.Dataset.from_tensor_slices(x[:0]).batch(4), "empty"),
            (lambda x, r: iter([]), "empty"),
            (lambda x, r: iter([{"image": x}]), "dict"),
        ],
    )
    def test_bad_images_are_refused(self, unteachable, spoil, message):
        images, *labels = self.arrays()
        spoiled = spoil(images, unteachable.image_range)
        with pytest.raises(ValueError, match=message):
            unteachable.fit(spoiled, *labels, verbose=0)

    def test_evaluate_and_validation_data_are_checked(self, unteachable):
        arrays = self.arrays()
        wrong = arrays[0] + 7
        with pytest.raises(ValueError, match="must lie in"):
            unteachable.evaluate(wrong, *arrays[1:], verbose=0)
        with pytest.raises(ValueError, match="must lie in"):
            unteachable.fit(*arrays, validation_data=(wrong, None), verbose=0)
        weighted = (self.images(), np.ones(24), np.ones(24))
        with pytest.raises(ValueError, match="Received 3 parts"):
            unteachable.fit(*arrays, validation_data=weighted, verbose=0)

    def test_loss_and_sample_weight_are_refused(self, unteachable):
        with pytest.raises(ValueError, match="brings its own objective"):
            self.make().compile(loss="mse")
        with pytest.raises(ValueError, match="`sample_weight` must be left out"):
            unteachable.fit(self.images(), sample_weight=np.ones(24), verbose=0)
        with pytest.raises(ValueError, match="`class_weight` must be left out"):
            unteachable.fit(self.images(), class_weight={0: 1.0}, verbose=0)
        batch = (self.images(), np.ones(24), np.ones(24))
        with pytest.raises(ValueError, match="Received 3 parts"):
            unteachable.fit(iter([batch]), verbose=0)

    @pytest.mark.parametrize("seed", [-1, 2**31, 1.5, "one", None, True])
    def test_bad_seeds_are_refused(self, seed):
        with pytest.raises(ValueError, match="`seed` must be an integer"):
            self.make(seed=seed)


class SamplerContract(ModelContract):
    """For models that sample."""

    # Each size of a batch is a trace of its own: all are of 4 or of 64 samples.

    def test_samples_have_the_documented_shape_dtype_and_scale(self, trained):
        samples = trained.sample(7, seed=0, batch_size=4)
        assert samples.shape == (7, *trained.image_shape)
        assert samples.dtype == np.float32
        low, high = trained.image_range
        margin = (high - low) / 2
        assert low - margin <= samples.min()
        assert samples.max() <= high + margin
        assert trained.to_uint8(samples).dtype == np.uint8

    def test_samples_are_a_function_of_seed_and_row(self, trained):
        many = trained.sample(64, seed=3)
        np.testing.assert_allclose(trained.sample(4, seed=3), many[:4], atol=1e-5)
        np.testing.assert_allclose(
            trained.sample(11, seed=3, batch_size=4), many[:11], atol=1e-5
        )
        assert not np.allclose(trained.sample(64, seed=4), many, atol=1e-3)
        last = trained.sample(4, seed=3, first_row=60)
        np.testing.assert_allclose(last, many[60:], atol=1e-5)
        noise = trained.noise(4, seed=3, first_row=60)
        conditions = {
            name: tf.constant(values[60:])
            for name, values in trained.conditions(64).items()
        }
        np.testing.assert_allclose(
            trained.from_noise(noise, **conditions), many[60:], atol=1e-5
        )

    def test_unknown_conditions_are_refused(self, trained):
        with pytest.raises((ValueError, TypeError), match="weather"):
            trained.sample(2, weather="fine")

    def test_no_seed_means_new_samples(self, trained):
        assert not np.array_equal(trained.sample(4), trained.sample(4))

    @pytest.mark.parametrize("num", [0, -1, 2.0, "3"])
    def test_bad_counts_are_refused(self, trained, num):
        with pytest.raises(ValueError, match="`num_samples` must be an integer"):
            trained.sample(num)
        with pytest.raises(ValueError, match="`batch_size` must be an integer"):
            trained.sample(1, batch_size=num)
        with pytest.raises(ValueError, match="`first_row` must be an integer"):
            trained.noise(1, 0, first_row="a" if num == "3" else -1)
        with pytest.raises(ValueError, match="`first_row` must be an integer"):
            trained.sample(1, first_row=-1)


class ReconstructionContract(ModelContract):
    """For models that encode and decode."""

    def test_reconstructions_look_like_images(self, trained):
        images = self.images(5)
        rebuilt = trained.reconstruct(images)
        assert rebuilt.shape == images.shape
        np.testing.assert_allclose(
            rebuilt, trained.predict(images, verbose=0), atol=1e-5
        )
        latents = trained.encode(images)
        assert latents.shape == (5, trained.latent_dim)
        np.testing.assert_allclose(rebuilt, trained.decode(latents), atol=1e-5)

    def test_interpolation_starts_and_ends_at_the_reconstructions(self, trained):
        start, end = self.images(3), self.images(3, seed=9)
        path = trained.interpolate(start, end, num_steps=5)
        assert path.shape == (3, 5, *self.image_shape)
        np.testing.assert_allclose(path[:, 0], trained.reconstruct(start), atol=1e-5)
        np.testing.assert_allclose(path[:, -1], trained.reconstruct(end), atol=1e-5)

    def test_bad_interpolations_are_refused(self, trained):
        with pytest.raises(ValueError, match="`start` and `end` must have one shape"):
            trained.interpolate(self.images(2), self.images(3))
        with pytest.raises(ValueError, match="`num_steps` must be an integer"):
            trained.interpolate(self.images(2), self.images(2), num_steps=1)
        with pytest.raises(ValueError, match="must lie in"):
            trained.interpolate(self.images(2) * 9, self.images(2))
        with pytest.raises(ValueError, match="must have shape"):
            trained.reconstruct(self.images(2)[:, 1:])
        with pytest.raises(ValueError, match="holds NaN: 1 of"):
            trained.reconstruct(
                np.append(self.images(1), np.nan)[1:].reshape(1, *self.image_shape)
            )


class AdversarialContract(SamplerContract):
    """For a generator and a discriminator."""

    def inputs(self, num):
        """Latents, and labels where the model learns from them."""
        latents = self.make().noise(num, seed=2).numpy()
        if self.num_classes is None:
            return latents
        return latents, np.arange(num, dtype=np.int32) % self.num_classes

    def test_every_optimizer_is_built_on_its_own_variables(self, trained):
        for phase in trained.phases():
            optimizer = trained.optimizer.by_phase[phase.name]
            assert len(optimizer._trainable_variables) == len(phase.variables) > 0
            for a, b in zip(
                optimizer._trainable_variables, phase.variables, strict=True
            ):
                assert a is b
            # Nine batches of eight images.
            assert int(optimizer.iterations) == 9 * phase.steps
        assert int(trained.optimizer.iterations) == 9

    def test_callbacks_and_schedules_reach_every_optimizer(self):
        model = self.fresh(run_eagerly=True)
        halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
        before = [float(part.learning_rate) for part in model.optimizer.optimizers]
        options = {"batch_size": 4, "verbose": 0}
        model.fit(*self.arrays(4), callbacks=[halve], **options)
        after = [float(part.learning_rate) for part in model.optimizer.optimizers]
        np.testing.assert_allclose(after, np.array(before) / 2, rtol=1e-6)
        schedule = keras.optimizers.schedules.ExponentialDecay(1e-3, 1, 0.5)
        model.compile(
            generator_optimizer=keras.optimizers.SGD(schedule),
            discriminator_optimizer="sgd",
            run_eagerly=True,
        )
        model.fit(*self.arrays(8), **options)
        rate = float(model.optimizer.by_phase["generator"].learning_rate)
        assert rate == pytest.approx(1e-3 / 4)

    def test_one_optimizer_for_both_is_refused(self):
        with pytest.raises(ValueError, match="`discriminator_optimizer`"):
            self.make().compile("adam")
        alone = PhaseOptimizers({"generator": keras.optimizers.SGD(0.1)})
        with pytest.raises(ValueError, match="one for each of discriminator"):
            self.make().compile(alone)

    def test_fewer_images_than_shares_are_refused(self, unteachable):
        few = [part[: unteachable.num_shares - 1] for part in self.arrays()]
        with pytest.raises(ValueError, match="at least so many|holds no images"):
            unteachable.fit(*few, verbose=0)

    def test_a_last_batch_with_fewer_images_than_shares_trains(self):
        model = self.fresh(run_eagerly=True)
        history = model.fit(*self.arrays(5), batch_size=4, verbose=0).history
        assert np.isfinite([history[name] for name in model.term_names]).all()
        assert all(np.isfinite(np.array(weight)).all() for weight in model.weights)

    def test_interpolation_starts_and_ends_at_the_samples(self, trained):
        start, end = (np.array(trained.noise(3, seed)) for seed in (0, 1))
        for path in (linear_path, spherical_path):
            images = trained.interpolate(start, end, num_steps=4, path=path)
            assert images.shape == (3, 4, *self.image_shape)
            np.testing.assert_allclose(images[:, 0], trained.sample(3, 0), atol=1e-4)
            np.testing.assert_allclose(images[:, -1], trained.sample(3, 1), atol=1e-4)
        with pytest.raises(ValueError, match="latents for this"):
            trained.interpolate(start[:, 1:], end[:, 1:])


class AutoregressiveContract(SamplerContract):
    """For models that draw an image site by site."""

    def inputs(self, num):
        """Images, and labels where the model learns from them."""
        arrays = self.arrays(num)
        return arrays if self.num_classes else arrays[0]

    def fresh(self, **options):
        """A model that samples without XLA, which exports of it do with XLA."""
        model = super().fresh(**options)
        model.compiled_sampling = False
        return model

    def test_parameters_depend_on_earlier_sites_alone(self, trained):
        influence = influence_of_sites(trained)
        assert np.all(np.triu(influence) == 0)
        assert np.any(influence > 0)

    @pytest.fixture(params=["trained", "random"])
    def weighted(self, trained, request):
        """The trained model, with its weights or random ones, and the same traces."""
        before = trained.get_weights()
        if request.param == "random":
            unsettle(trained)
        yield trained
        trained.set_weights(before)

    def test_one_pass_over_a_sample_gives_it_back(self, weighted):
        for num, temperature in itertools.product((1, 4, 64), (1.0, 0.6)):
            check_one_pass_gives_samples_back(weighted, num, temperature=temperature)

    def test_completed_images_keep_what_is_known(self, weighted):
        sites = np.arange(np.prod(self.image_shape)).reshape(self.image_shape)
        for num in (1, 4, 64):
            counts = np.arange(num).reshape(-1, 1, 1, 1) * 32 % (sites.size + 1)
            for mask in (sites < 27, sites < counts):
                options = {"images": self.images(num), "mask": mask, "temperature": 0.8}
                check_one_pass_gives_samples_back(weighted, num, **options)

    def test_the_whole_network_for_each_site_gives_the_same_image(self, trained):
        check_reference_agrees(trained, 4)
        mask = np.arange(8)[:, None] < np.full(8, 3)
        options = {"images": self.images(4), "mask": mask, "temperature": 0.8}
        check_reference_agrees(trained, 4, **options)

    def test_half_precision_trains_and_samples(self):
        config = {**self.make().get_config(), "dtype": "mixed_bfloat16"}
        model = self.model_class.from_config(config)
        layers = model._flatten_layers(include_self=False)
        assert {layer.compute_dtype for layer in layers} == {"bfloat16"}
        model = self.model_class.from_config(model.get_config())
        assert model.compute_dtype == "bfloat16"
        model.compile(run_eagerly=True)
        history = model.fit(*self.arrays(4), verbose=0).history
        assert np.isfinite(history["loss"]).all()
        assert model.predict(self.inputs(2), verbose=0).dtype == np.float32
        model.compiled_sampling = False
        model.site_distribution.check_levels(model.sample(2, seed=0))

    def test_loss_is_the_mean_of_the_log_likelihoods(self, trained):
        arrays = self.arrays(11)
        log_prob = trained.log_prob(*arrays, batch_size=4)
        np.testing.assert_allclose(log_prob, trained.log_prob(*arrays), rtol=1e-4)
        found = trained.evaluate(*arrays, verbose=0, return_dict=True)
        assert found["loss"] == pytest.approx(-log_prob.mean(), rel=1e-4)
        bits = found["loss"] / np.log(2) / np.prod(self.image_shape)
        assert found["bits_per_dimension"] == pytest.approx(bits, rel=1e-4)

    def test_the_last_site_given_all_others_has_one_of_its_levels(self, trained):
        images, *labels = self.arrays(3)
        mask = np.ones(self.image_shape, bool)
        mask[-1, -1, -1] = False
        total = 0.0
        for level in np.linspace(0, 1, trained.site_distribution.num_levels):
            images[:, -1, -1, -1] = level
            total += np.exp(trained.log_prob(images, *labels, mask=mask))
        np.testing.assert_allclose(total, 1, atol=1e-5)
        half = np.arange(8)[:, None] < np.full(8, 4)
        rest = trained.log_prob(images, *labels, mask=half)
        assert np.all(rest > trained.log_prob(images, *labels))
        with pytest.raises(ValueError, match=r"site \(1, 0, 0\) unknown"):
            trained.log_prob(images, *labels, mask=np.eye(8))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"temperature": 0}, "`temperature` must be a positive number.*0"),
            ({"temperature": -1.0}, "`temperature` must be a positive number.*-1.0"),
            ({"temperature": np.nan}, "`temperature` must be a positive number.*nan"),
            ({"temperature": 1e-45}, "`temperature` must be a positive number.*1e-45"),
            ({"temperature": "hot"}, "`temperature` must be a positive number.*'hot'"),
            ({"temperature": [1.0, 1.0]}, "`temperature` must be a positive number"),
            ({"images": "some"}, "given together.*`images` alone"),
            ({"mask": np.ones((8, 8), bool)}, "given together.*`mask` alone"),
            ({"images": "some", "mask": np.eye(8)}, r"site \(1, 0, 0\) unknown"),
            ({"images": "some", "mask": np.ones((7, 8))}, "`mask` must have shape"),
            ({"images": "some", "mask": np.ones(1)}, "`mask` must have shape"),
            ({"images": "text", "mask": np.ones((8, 8))}, "`images` must hold numbers"),
            ({"images": "some", "mask": np.ones((8, 8)) * 2}, "must be boolean"),
            ({"images": "more", "mask": np.ones((8, 8))}, "`images` must have shape"),
            ({"images": "grey", "mask": np.ones((8, 8))}, "`x` must hold"),
        ],
    )
    def test_bad_conditions_are_refused(self, trained, options, message):
        images = self.images(2)
        kinds = {
            "some": images,
            "more": self.images(3),
            "grey": images * 0.4983,
            "text": images.astype(str),
        }
        if "images" in options:
            options = {**options, "images": kinds[options["images"]]}
        with pytest.raises(ValueError, match=message):
            trained.sample(2, **options)

    def test_noise_alone_is_checked_too(self, trained):
        noise, images = trained.noise(2, seed=0), self.images(2)
        labels = trained.conditions(2).get("labels")
        for method in (trained.from_noise, trained.reference):
            with pytest.raises(ValueError, match="given together.*`images` alone"):
                method(noise, labels, images=images)
            with pytest.raises(ValueError, match="given together.*`mask` alone"):
                method(noise, labels, mask=images > 0)
            wrong = None if self.num_classes else np.zeros(2, np.int32)
            with pytest.raises(ValueError, match="`labels` must be"):
                method(noise, wrong)

    def test_other_inputs_of_the_network_are_refused(self, trained):
        images, *labels = self.arrays(4)
        halves = images[:, :4]
        halves, wrong = (
            ((halves, *labels), images)
            if labels
            else (halves, (images, np.zeros(4, np.int32)))
        )
        with pytest.raises(
            ValueError, match=r"shape \(batch, 8, 8, 1\).*\(4, 4, 8, 1\)"
        ):
            trained(halves)
        for method in (trained, functools.partial(trained.predict, verbose=0)):
            with pytest.raises(ValueError, match=r"shape \(batch, 8, 8, 1\)"):
                method(halves)
            with pytest.raises(ValueError, match="`labels` must be"):
                method(wrong)
        assert len(trained.predict(self.inputs(4), verbose=0)) == 4
        for method in (trained.log_prob, *([trained.classify] if labels else [])):
            with pytest.raises(ValueError, match="`x` must be an array of images.*5"):
                method(5)

    def test_images_between_the_levels_are_refused(self, unteachable):
        images, *labels = self.arrays()
        for method in (unteachable.fit, unteachable.evaluate, unteachable.log_prob):
            with pytest.raises(ValueError, match="`x` must hold .*0.4983"):
                method(images * 0.4983, *labels)

    def test_labels_are_for_models_with_classes(self, trained):
        if self.num_classes is None:
            with pytest.raises(ValueError, match="has no classes"):
                trained.classify(self.images(2))
            with pytest.raises(ValueError, match="has no classes"):
                trained.sample(2, labels=[0, 0])
            with pytest.raises(ValueError, match="has no classes"):
                trained.log_prob(self.images(2), [0, 0])
            return
        images = self.images(3)
        probabilities = trained.classify(images)
        assert probabilities.shape == (3, self.num_classes)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        for labels in (None, [0, 1], [0, 1, self.num_classes], [0.0, 1.0, 0.0]):
            with pytest.raises(ValueError, match="learns from labels|Labels must"):
                trained.log_prob(images, labels)
            if labels is not None:
                with pytest.raises(ValueError, match="Labels must"):
                    trained.sample(3, labels=labels)


def variables_of(model):
    """All that a training of a compiled model changes, in one order."""
    means = [variable for metric in model.metrics for variable in metric.variables]
    return [*model.weights, *model.optimizer.variables, *means]


def arrays_of(model):
    """What `variables_of()` hold, a list of arrays."""
    return [np.array(variable) for variable in variables_of(model)]


def restore(model, arrays):
    """Gives a model what `arrays_of()` it were before."""
    for variable, array in zip(variables_of(model), arrays, strict=True):
        variable.assign(array)


def passed_the_checks(*arguments, **options):
    """In place of what Keras does once this package has checked the input."""
    pytest.fail("The checks let it pass.")


def check_fit_takes_every_kind_of_data(contract, model):
    """Arrays, pairs, datasets, generators, whole numbers; the same for validation.

    Args:
        contract: Contract of the model.
        model: The model, compiled with the metric "mse".
    """
    images = contract.images(6)
    labels = np.arange(6) % (contract.num_classes or 6)
    pairs = tf.data.Dataset.from_tensor_slices((images, labels)).batch(6)
    history = model.fit(pairs, validation_data=pairs, verbose=0).history
    names = {*model.term_names, "mse"}
    assert set(history) == {*names, *(f"val_{name}" for name in names)}
    parts = [tuple(part[i : i + 3] for part in contract.arrays(6)) for i in (0, 3)]
    options = {"validation_data": iter(parts), "validation_steps": 2}
    model.fit(*contract.arrays(6), **options, verbose=0)
    model.fit(images, labels, 64, 1, verbose=0)
    model.fit((part for part in parts), verbose=0)
    whole_numbers = np.abs(images).astype("uint8")
    model.fit(whole_numbers, *contract.arrays(6)[1:], verbose=0)


#: What a model's contract must be, by what the model is.
CONTRACTS = {
    Sampler: SamplerContract,
    ReconstructionModel: ReconstructionContract,
    AdversarialModel: AdversarialContract,
    AutoregressiveModel: AutoregressiveContract,
}


def check_one_pass_gives_samples_back(model, num, **options):
    """The network run once on fast samples, inverted at the same uniforms.

    A site may differ only where its uniform lies within 1e-5 of a step. Samples are
    drawn without XLA, which would compile for seconds.
    """
    model.compiled_sampling = False
    samples = model.sample(num, seed=2, **options)
    conditions = model.conditions(num, **options)
    known = conditions.get("mask", np.zeros(samples.shape, bool))
    if known.any():
        np.testing.assert_array_equal(samples[known], conditions["images"][known])
    uniform, ordering = model.noise(num, seed=2), None
    if model.orderings is not None:
        ordering, uniform = choose_ordering(uniform, len(model.orderings))
    uniform = uniform.numpy()[..., None]
    labels = conditions.get("labels")
    parameters = model.parameters_by_ordering(tf.constant(samples), labels)
    parameters = model.of_ordering(parameters, ordering)
    temperature = options.get("temperature", 1.0)
    steps = model.site_distribution.cumulative(parameters, temperature).numpy()
    values = (uniform >= steps).mean(axis=-1)
    near = np.abs(uniform - steps).min(axis=-1) < 1e-5
    assert np.all(np.isclose(values, samples, atol=1e-6) | known | near)
    assert near.sum() <= 1 + 4e-5 * steps.size


def check_reference_agrees(model, num, **options):
    """The whole network for each site gives what the fast sampler gives."""
    noise, conditions = model.noise(num, seed=6), model.conditions(num, **options)
    fast = model.from_noise(noise, **conditions)
    np.testing.assert_allclose(fast, model.reference(noise, **conditions), atol=1e-6)


def influence_of_sites(model, num_images=4):
    """Largest derivative of the parameters of each site by each site.

    Returns:
        Array of shape `(num_sites, num_sites)`, parameters first, the largest absolute
        derivative at some random images between the levels.
    """
    sites = int(np.prod(model.image_shape))
    images = Rows(num_images, 0).uniform(model.image_shape, "grey")
    # One copy of an image for each site whose parameters are differentiated.
    images = tf.repeat(images, sites, axis=0)
    labels = None if model.num_classes is None else tf.zeros(len(images), tf.int32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        parameters = model.site_parameters(images, labels)
        parameters = tf.reshape(parameters, (num_images, sites, sites, -1))
        of_own_site = [
            tf.linalg.diag_part(some) for some in tf.unstack(parameters, axis=-1)
        ]
    derivatives = [np.abs(tape.gradient(some, images)) for some in of_own_site]
    shape = (-1, num_images, sites, sites)
    return np.reshape(derivatives, shape).max(axis=(0, 1))


def total_probability(model, labels=None):
    """The sum of the probabilities of all black and white images."""
    sites = int(np.prod(model.image_shape))
    images = (np.arange(2**sites)[:, None] >> np.arange(sites)) & 1
    images = images.reshape(-1, *model.image_shape).astype("float32")
    labels = None if labels is None else np.full(len(images), labels)
    return np.exp(model.log_prob(images, labels).astype("float64")).sum()


def unsettle(model, seed=0, scale=0.3):
    """Random weights, biases included, so that nothing is zero by initialization."""
    generator = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        noise = generator.normal(size=tuple(weight.shape)).astype(np.float32)
        weight.assign(weight + scale * noise)


def make_tiny(model_class):
    """A tiny model of a class, with weights of which none is zero by initialization."""
    seed_initializers(1)
    model = contract_of(model_class)().make()
    unsettle(model)
    return model


def public_models():
    """Every public model class, found by import."""
    return [getattr(keras_gen.models, name) for name in keras_gen.models.__all__]


def contract_of(model_class):
    """The contract in the test file that mirrors the model's module; None if none."""
    *folders, module = model_class.__module__.split(".")[2:]
    path = TESTS.joinpath("models", *folders, f"test_{module}.py")
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location(f"contract_{module}", path)
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    found = [
        value
        for value in vars(tests).values()
        if isinstance(value, type)
        and issubclass(value, ModelContract)
        and value.model_class is model_class
        and value.__name__.startswith("Test")
    ]
    return found[0] if found else None
