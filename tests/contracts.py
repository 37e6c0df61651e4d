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
from graphs import accesses, optimized_graphs, races, sums_by_chance, traced_step
from marked import (
    NUM,
    SEED,
    TEMPERATURE,
    call_marked,
    drawn_for,
    of_call,
    of_method,
    outside_of,
    refused,
    spoilt,
)
from memory import release
from sites import (
    check_one_pass_gives_samples_back,
    check_slow_sampler_agrees,
    influence_of_sites,
    near_a_step,
)

import keras_gen.models
from keras_gen.callbacks import Checkpoints
from keras_gen.export import export_saved_model, export_tflite
from keras_gen.export.signatures import default_of, exported_marks
from keras_gen.latents import linear_path, spherical_path
from keras_gen.models.base import (
    AdversarialModel,
    Autoencoding,
    AutoregressiveModel,
    Decoding,
    FlowModel,
    GenerativeModel,
    PhaseOptimizers,
    Sampler,
    marks_of,
)
from keras_gen.models.base.config import arguments_of
from keras_gen.random import Rows, seed_initializers

TESTS = Path(__file__).parent
LOAD_MODEL, RUN_SAVED_MODEL, RUN_LITERT = (
    TESTS / "processes" / f"{name}.py"
    for name in ("load_model", "run_saved_model", "run_litert")
)


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
    #: Terms that couple the examples of a batch, and so are no means over examples.
    coupled_terms = ()
    #: What is reported beside the terms, and is no mean over batches.
    further_terms = ()
    #: What marked methods take also beyond the range of its domain, such as noisy `x`.
    any_range = ()

    def make(self, seed=0):
        raise NotImplementedError

    @property
    def x_domain(self):
        return _domains_of(type(self))[0]

    @property
    def y_domain(self):
        return _domains_of(type(self))[1]

    def x(self, num=24, seed=0):
        """Examples of the model's domain."""
        return self.x_domain.draw(Rows(num, seed))

    def arrays(self, num=24, seed=0):
        """What `fit` takes: `x`, and `y` where the model learns from pairs."""
        x = self.x(num, seed)
        if self.y_domain is None:
            return (x,)
        return x, self.y_domain.draw(Rows(num, seed, step=1))

    def data(self, num=24, seed=0):
        """Batches of eight of the same examples, in one order."""
        arrays = self.arrays(num, seed)
        whole = arrays if len(arrays) > 1 else arrays[0]
        return tf.data.Dataset.from_tensor_slices(whole).batch(8)

    def inputs(self, num):
        """What `predict` takes: `x`, unless a contract says otherwise."""
        return self.x(num)

    def fresh(self, **options):
        """A model with the same initial weights each time, compiled."""
        seed_initializers(1)
        model = self.make()
        model.compile(**options)
        return model

    def unsettle(self, model):
        """Random weights, of which none is zero by initialization."""
        unsettle(model)

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

    def test_networks_of_another_kind_are_refused_by_name(self, trained):
        arguments = {n: getattr(trained, n) for n in arguments_of(self.model_class)}
        for name, network in arguments.items():
            is_network = isinstance(network, keras.Model)
            # A model that is a part of another one is no network.
            is_network = is_network and not isinstance(network, GenerativeModel)
            if not is_network or self.model_class not in public_models():
                continue
            inputs = network.inputs[0] if len(network.inputs) == 1 else network.inputs
            for wrong in (
                keras.Model(inputs, [network.outputs[0]] * 2),
                keras.Model(inputs, {"only": network.outputs[0]}),
                keras.Sequential([keras.layers.Dense(1)]),
                type("Subclassed", (keras.Model,), {})(),
                "network",
            ):
                expected = f"`{name}` must be a built network with one output"
                with refused(expected, type(wrong).__name__):
                    self.model_class(**{**arguments, name: wrong})

    def test_fit_reports_every_term(self, training):
        names = {*training.model.term_names, *self.further_terms}
        assert set(training.reported) == names
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
        for name in whole.keys() - set(self.coupled_terms):
            assert short[name] == pytest.approx(whole[name], rel=1e-4), name

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

    def test_without_xla_no_order_of_a_sum_changes_with_the_timing(self, one_device):
        found = [name for graph in one_device.graphs for name in sums_by_chance(graph)]
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
        x, *y = self.arrays()
        if x.dtype.kind != "f":
            pytest.skip("whole numbers are always finite")
        model = self.fresh(skip_nonfinite=True, jit_compile=False)
        x[8:16] = np.nan
        batches = tf.data.Dataset.from_tensor_slices((x, *y) if y else x).batch(8)
        history = model.fit(batches, verbose=0).history
        names = {*model.term_names, *self.further_terms}
        assert set(history) == {*names, "skipped_updates"}
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
        paths = [tmp_path / name for name in names]
        done = loader.run(LOAD_MODEL, *paths, self.model_class.__module__)
        assert done.returncode == 0, done.stderr
        with np.load(tmp_path / "outputs.npz") as found:
            outputs, *optimizer = found.values()
        np.testing.assert_array_equal(outputs, trained.predict(inputs, verbose=0))
        assert len(optimizer) > 1
        for variable, array in zip(trained.optimizer.variables, optimizer, strict=True):
            np.testing.assert_array_equal(np.array(variable), array, variable.path)

    def test_bad_data_are_refused(self, unteachable):
        arrays = dict(zip("xy", self.arrays(), strict=False))
        domains = {"x": self.x_domain, "y": self.y_domain}
        for name, values in arrays.items():
            for what, wrong, message in spoilt(values, domains[name], name):
                spoilt_arrays = (arrays | {name: wrong}).values()
                with refused(rf"`{name}` .*{message}", what):
                    unteachable.fit(*spoilt_arrays, verbose=0)
                with refused(rf"`{name}` .*{message}", what):
                    unteachable.evaluate(*spoilt_arrays, verbose=0)

    @pytest.mark.parametrize(
        ("wrap", "message"),
        [
            (lambda x: None, "`x` must be given"),
            (lambda x: 5, "`x` must be an array"),
            (lambda x: [x, x], "`x` must be an array"),
            (lambda x: tf.data.Dataset.from_tensor_slices(x[:0]).batch(4), "empty"),
            (lambda x: iter([]), "`x` is empty"),
            (lambda x: iter([{"image": x}]), "dict"),
        ],
    )
    def test_what_holds_no_examples_is_refused(self, unteachable, wrap, message):
        x, *y = self.arrays()
        with pytest.raises(ValueError, match=message):
            unteachable.fit(wrap(x), *y, verbose=0)

    def test_a_missing_or_short_y_is_refused(self, unteachable):
        x, *y = self.arrays()
        if not y:
            return
        with pytest.raises(ValueError, match="`y` must be given"):
            unteachable.fit(x, verbose=0)
        with pytest.raises(ValueError, match="`y` must be given"):
            unteachable.fit(tf.data.Dataset.from_tensor_slices(x).batch(8), verbose=0)
        with pytest.raises(ValueError, match="`y` must have 24 .*23"):
            unteachable.evaluate(x, y[0][:-1], verbose=0)

    def test_bad_input_of_marked_methods_is_refused_by_its_name(self, trained):
        for method, mark in marks_of(trained).items():
            drawn = drawn_for(trained, mark, 3)
            if "mask" in drawn:
                # What is not known is not looked at.
                drawn["mask"] = np.ones_like(drawn["mask"])
            for name in drawn:
                domain = trained.domain_of(name)
                for what, wrong, message in spoilt(drawn[name], domain, name):
                    if name in self.any_range and "range" in what:
                        continue
                    with refused(rf"`{name}` .*{message}", f"{method}: {what}"):
                        call_marked(trained, method, mark, {**drawn, name: wrong}, 3)

    @pytest.fixture(scope="class")
    @classmethod
    def to_export(cls):
        """A model of random weights, and its signatures as `Exported`, by name."""
        seed_initializers(1)
        model = cls().make()
        cls().unsettle(model)
        # As a SavedModel it would compile each signature for seconds.
        model.compiled_sampling = False
        marks = exported_marks(model)
        found = {name: of_method(model, name, mark) for name, mark in marks.items()}
        if marks:
            default = marks[default_of(model, marks)]
            found["serving_default"] = of_call(model, default)
        return model, found

    def test_a_saved_model_gives_what_the_model_gives(
        self, to_export, reloader, tmp_path
    ):
        model, signatures = to_export
        path = export_saved_model(model, tmp_path / "saved")
        self.check_exports(model, signatures, reloader, RUN_SAVED_MODEL, path)

    def test_a_lite_file_gives_what_the_model_gives(self, to_export, lite, tmp_path):
        model, signatures = to_export
        report = export_tflite(model, tmp_path / "model.tflite", batch_size=None)
        assert set(report.parity) == set(signatures)
        for name, parity in report.parity.items():
            assert parity.num_images == 100
            # Rounding adds up along a chain, and probabilities are powers of nats.
            mark = signatures[name].mark
            is_loose = "seed" in mark.takes or "probabilities" in mark.gives
            assert parity.num_differing <= 1 or is_loose and parity.difference < 1e-4
        self.check_exports(model, signatures, lite, RUN_LITERT, report.path)

    def check_exports(self, model, signatures, process, script, path):
        """Runs all signatures of a file, and compares with the model."""
        folder = path.parent
        inputs = {
            f"{name}/{key}": values
            for name, signature in signatures.items()
            for key, values in signature.inputs.items()
        }
        np.savez(folder / "inputs.npz", **inputs)
        outputs = folder / "outputs.npz"
        done = process.run(script, path, folder / "inputs.npz", outputs)
        assert done.returncode == 0, done.stderr
        with np.load(outputs) as arrays:
            found = dict(arrays)
        for name, signature in signatures.items():
            for key, expected in signature.expected.items():
                for num in (1, NUM):
                    array = found[f"{name}/{key}/{num}"]
                    assert array.shape == expected[:num].shape
                    domain = model.domain_of(key)
                    outside = outside_of(array, expected[:num], domain, signature)
                    allowed = self.may_differ(model, signature, key, outside)
                    assert np.all(~outside | allowed), f"{name}: {key} of {num} rows"
                assert expected.std() > 0

    def may_differ(self, model, signature, key, outside):
        """Where an export may give something else than the model.

        In one example that a chain draws, in which a number near a step goes both ways.
        """
        rows = outside.reshape(len(outside), -1).any(axis=1)
        is_chain = "seed" in signature.mark.takes and rows.sum() <= 1
        return np.full_like(outside, is_chain)

    def test_evaluate_and_validation_data_are_checked(self, unteachable):
        arrays = self.arrays()
        wrong = np.full(arrays[0].shape, np.inf)
        with pytest.raises(ValueError, match="`x` holds infinity"):
            unteachable.evaluate(wrong, *arrays[1:], verbose=0)
        with pytest.raises(ValueError, match="`x` holds infinity"):
            unteachable.fit(*arrays, validation_data=(wrong, None), verbose=0)
        weighted = (self.x(), np.ones(24), np.ones(24))
        with pytest.raises(ValueError, match="Received 3 parts"):
            unteachable.fit(*arrays, validation_data=weighted, verbose=0)

    def test_loss_and_sample_weight_are_refused(self, unteachable):
        with pytest.raises(ValueError, match="brings its own objective"):
            self.make().compile(loss="mse")
        with pytest.raises(ValueError, match="`sample_weight` must be left out"):
            unteachable.fit(self.x(), sample_weight=np.ones(24), verbose=0)
        with pytest.raises(ValueError, match="`class_weight` must be left out"):
            unteachable.fit(self.x(), class_weight={0: 1.0}, verbose=0)
        batch = (self.x(), np.ones(24), np.ones(24))
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
        domain = trained.x_domain
        assert samples.shape == (7, *domain.shape)
        assert samples.dtype == domain.dtype
        if domain.bounds is not None:
            low, high = domain.bounds
            margin = (high - low) / 2
            assert low - margin <= samples.min()
            assert samples.max() <= high + margin
        assert len(domain.to_bytes(samples)) == 7

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
        with pytest.raises(ValueError, match="weather"):
            trained.sample(2, weather="fine")

    def test_no_seed_means_new_samples(self, trained):
        assert not np.array_equal(trained.sample(4), trained.sample(4))

    def test_y_of_samples_may_be_one_or_many(self, trained):
        if "y" not in marks_of(trained)["sample"].takes:
            with pytest.raises(ValueError, match="`y` must be left out"):
                trained.sample(2, y=[0, 0])
            return
        one = trained.domain_of("y").draw(Rows(1, 0))[0]
        each = trained.sample(4, seed=0, y=np.stack([one] * 4))
        np.testing.assert_array_equal(trained.sample(4, seed=0, y=one), each)
        with pytest.raises(ValueError, match="`y` must"):
            trained.sample(4, y=np.stack([one] * 3))

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


class DecodingContract(ModelContract):
    """For models whose examples have latents."""

    def latents(self, model, num, seed=0):
        """Latents of the model's domain."""
        return model.domain_of("latents").draw(Rows(num, seed))

    def test_interpolation_starts_and_ends_at_its_ends(self, trained):
        start, end = self.latents(trained, 3), self.latents(trained, 3, seed=1)
        if start.dtype.kind != "f":
            pytest.skip("between whole numbers there is no path")
        y = trained.y_for(3) if "y" in marks_of(trained)["decode"].takes else None
        given = {} if y is None else {"y": y}
        first, last = (trained.decode(ends, **given) for ends in (start, end))
        for path in (linear_path, spherical_path):
            x = trained.interpolate(start, end, num_steps=4, path=path)
            assert x.shape == (3, 4, *trained.x_domain.shape)
            np.testing.assert_allclose(x[:, 0], first, atol=1e-4)
            np.testing.assert_allclose(x[:, -1], last, atol=1e-4)

    def test_bad_interpolations_are_refused(self, trained):
        start = self.latents(trained, 3)
        with pytest.raises(ValueError, match="`start` and `end` must have one shape"):
            trained.interpolate(start, start[:2])
        with pytest.raises(ValueError, match="`num_steps` must be an integer"):
            trained.interpolate(start, start, num_steps=1)
        for name, wrong in (("start", (start[:, 1:], start)), ("end", (start, "far"))):
            with pytest.raises(ValueError, match=f"`{name}` must"):
                trained.interpolate(*wrong)


class AutoencodingContract(DecodingContract):
    """For models that encode and decode."""

    def test_reconstructions_look_like_examples(self, trained):
        inputs = self.inputs(5)
        x, *y = inputs if isinstance(inputs, tuple) else (inputs,)

        def told(name):
            return {"y": y[0]} if y and "y" in marks_of(trained)[name].takes else {}

        rebuilt = trained.reconstruct(x, **told("reconstruct"))
        assert rebuilt.shape == x.shape
        called = trained.predict(inputs, verbose=0)
        np.testing.assert_allclose(rebuilt, called, atol=1e-5)
        latents = trained.encode(x, **told("encode"))
        assert latents.shape == (5, *trained.domain_of("latents").shape)
        decoded = trained.decode(latents, **told("decode"))
        np.testing.assert_allclose(rebuilt, decoded, atol=1e-5)


class PhasesContract(ModelContract):
    """For models whose networks learn in turn."""

    def test_every_optimizer_is_built_on_its_own_variables(self, trained):
        for phase in trained.phases():
            optimizer = trained.optimizer.by_phase[phase.name]
            assert len(optimizer._trainable_variables) == len(phase.variables) > 0
            for a, b in zip(
                optimizer._trainable_variables, phase.variables, strict=True
            ):
                assert a is b
            # Nine batches of eight examples.
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
        last = model.phases()[-1]
        schedule = keras.optimizers.schedules.ExponentialDecay(1e-3, last.steps, 0.5)
        given = {f"{phase.name}_optimizer": "sgd" for phase in model.phases()}
        given[f"{last.name}_optimizer"] = keras.optimizers.SGD(schedule)
        model.compile(**given, run_eagerly=True)
        model.fit(*self.arrays(8), **options)
        rate = float(model.optimizer.by_phase[last.name].learning_rate)
        assert rate == pytest.approx(1e-3 / 4)

    def test_one_optimizer_for_all_is_refused(self):
        first, *others = (phase.name for phase in self.make().phases())
        with pytest.raises(ValueError, match=f"`{first}_optimizer`"):
            self.make().compile("adam")
        alone = PhaseOptimizers({others[-1]: keras.optimizers.SGD(0.1)})
        with pytest.raises(ValueError, match=f"one for each of {first}"):
            self.make().compile(alone)

    def test_fewer_examples_than_shares_are_refused(self, unteachable):
        few = [part[: unteachable.num_shares - 1] for part in self.arrays()]
        with pytest.raises(ValueError, match=r"at least \d+ examples|`x` holds no"):
            unteachable.fit(*few, verbose=0)

    def test_a_last_batch_with_fewer_examples_than_shares_trains(self):
        model = self.fresh(run_eagerly=True)
        history = model.fit(*self.arrays(5), batch_size=4, verbose=0).history
        assert np.isfinite([history[name] for name in model.term_names]).all()
        assert all(np.isfinite(np.array(weight)).all() for weight in model.weights)


class AdversarialContract(SamplerContract, DecodingContract, PhasesContract):
    """For a generator and a discriminator."""

    def inputs(self, num):
        """Latents, and `y` where the model learns from pairs."""
        latents = self.make().noise(num, seed=2).numpy()
        _, *y = self.arrays(num)
        return (latents, *y) if y else latents


class AutoregressiveContract(SamplerContract):
    """For models that draw an example site by site."""

    def inputs(self, num):
        """`x`, and `y` where the model learns from pairs."""
        arrays = self.arrays(num)
        return arrays if len(arrays) > 1 else arrays[0]

    def fresh(self, **options):
        """A model that samples without XLA, but for one comparison."""
        model = super().fresh(**options)
        model.compiled_sampling = False
        return model

    def may_differ(self, model, signature, key, outside):
        """From a site on whose number lies within 1e-5 of a step; in one example."""
        if not signature.mark.draws:
            return super().may_differ(model, signature, key, outside)
        num = len(outside)
        given = {key: values[:num] for key, values in signature.inputs.items()}
        drawn = signature.expected[key][:num]
        temperature = TEMPERATURE if "temperature" in given else 1.0
        near = near_a_step(
            model, drawn, model.noise(num, SEED), given.get("y"), temperature
        )
        passed = np.maximum.accumulate(near.reshape(num, -1), axis=1)
        allowed = passed.reshape(outside.shape)
        rows = outside.reshape(num, -1).any(axis=1)
        return allowed if rows.sum() <= 1 else np.zeros_like(outside)

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

    def test_completed_examples_keep_what_is_known(self, weighted):
        num_sites = int(np.prod(self.x_domain.sites))
        sites = np.arange(num_sites).reshape(self.x_domain.sites)
        for num in (1, 4, 64):
            counts = np.arange(1, num + 1).reshape(-1, 1, 1, 1) * 20 % (num_sites + 1)
            for mask in (sites < 27, sites < counts):
                options = {"x": self.x(num), "mask": mask, "temperature": 0.8}
                check_one_pass_gives_samples_back(weighted, num, **options)

    def test_compressed_examples_are_restored(self, trained):
        x, *y = self.arrays(4)
        if not trained.compresses:
            with pytest.raises(ValueError, match="does not compress"):
                trained.compress(x, *y)
            return
        code = trained.compress(x, *y, verify=False)
        np.testing.assert_array_equal(trained.decompress(code), x)

    def test_the_whole_network_for_each_site_gives_the_same_example(self, trained):
        check_slow_sampler_agrees(trained, 4)
        mask = trained.domain_of("mask").draw(Rows(4, 0))
        options = {"x": self.x(4), "mask": mask, "temperature": 0.8}
        check_slow_sampler_agrees(trained, 4, **options)

    def test_sites_are_drawn_under_xla_as_without_it(self, trained):
        plain = trained.sample(4, seed=3, temperature=0.8)
        trained.compiled_sampling = self.model_class.compiled_sampling
        try:
            compiled = trained.sample(4, seed=3, temperature=0.8)
        finally:
            trained.compiled_sampling = False
        noise = trained.noise(4, seed=3)
        near = near_a_step(trained, plain, noise, trained.y_for(4), 0.8)
        passed = np.maximum.accumulate(near.reshape(4, -1), axis=1)
        levels = [trained.levels_of(tf.constant(x)) for x in (plain, compiled)]
        assert np.all(np.equal(*levels).reshape(4, -1) | passed)

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
        model.x_domain.check(model.sample(2, seed=0), "x")

    def test_loss_is_the_mean_of_the_log_likelihoods(self, trained):
        arrays = self.arrays(11)
        log_prob = trained.log_prob(*arrays, batch_size=4)
        np.testing.assert_allclose(log_prob, trained.log_prob(*arrays), rtol=1e-4)
        found = trained.evaluate(*arrays, verbose=0, return_dict=True)
        assert found["loss"] == pytest.approx(-log_prob.mean(), rel=1e-4)
        bits = found["loss"] / np.log(2) / np.prod(self.x_domain.sites)
        assert found["bits_per_dimension"] == pytest.approx(bits, rel=1e-4)

    def test_the_last_site_given_all_others_has_one_of_its_levels(self, trained):
        x, *y = self.arrays(3)
        levels = np.array(trained.levels_of(tf.constant(x)))
        mask = np.ones(self.x_domain.sites, bool)
        mask[-1, -1, -1] = False
        total = 0.0
        for level in range(self.x_domain.num_levels):
            levels[:, -1, -1, -1] = level
            x = np.array(self.x_domain.from_levels(levels)).reshape(x.shape)
            total += np.exp(trained.log_prob(x, *y, mask=mask))
        np.testing.assert_allclose(total, 1, atol=1e-5)
        half = np.arange(mask.size).reshape(mask.shape) < mask.size // 2
        rest = trained.log_prob(x, *y, mask=half)
        assert np.all(rest > trained.log_prob(x, *y))
        with pytest.raises(ValueError, match="`mask` must know.*unknown before"):
            trained.log_prob(x, *y, mask=~half)

    @pytest.mark.parametrize(
        "temperature", [0, -1.0, np.nan, 1e-45, "hot", [1.0, 1.0], None]
    )
    def test_bad_temperatures_are_refused(self, trained, temperature):
        message = "`temperature` must be a positive number"
        with pytest.raises(ValueError, match=message):
            trained.sample(2, temperature=temperature)
        mask = np.ones(self.x_domain.sites)
        with pytest.raises(ValueError, match=message):
            trained.impute(self.x(2), mask, temperature=temperature)

    def test_bad_completions_are_refused(self, trained):
        x, whole = self.x(2), np.ones(self.x_domain.sites, bool)
        late = whole.copy()
        late[0, 0, 0] = False
        for mask, message in (
            (late, "unknown before a known one"),
            (whole[:, 1:], "must have shape"),
            (np.ones(1), "must have shape"),
            (whole * 2, "must be boolean"),
            (whole[None][[0] * 3], "must have shape"),
        ):
            with pytest.raises(ValueError, match=f"`mask` .*{message}"):
                trained.impute(x, mask)
            with pytest.raises(ValueError, match=f"`mask` .*{message}"):
                trained.log_prob(*self.arrays(2), mask=mask)

    def test_noise_alone_is_checked_too(self, trained):
        noise, x = trained.noise(2, seed=0), self.x(2)
        mask = np.ones((2, *self.x_domain.sites), bool)
        for method in (trained.from_noise, trained.from_noise_slowly):
            with pytest.raises(ValueError, match="given together.*`x` alone"):
                method(noise, trained.y_for(2), x=x)
            with pytest.raises(ValueError, match="given together.*`mask` alone"):
                method(noise, trained.y_for(2), mask=mask)

    def test_other_inputs_of_the_network_are_refused(self, trained):
        x, *y = self.arrays(4)
        shorter = x[:, 1:]
        for method in (trained, functools.partial(trained.predict, verbose=0)):
            with pytest.raises(ValueError, match=r"must have shape \(batch, "):
                method((shorter, *y) if y else shorter)
            with pytest.raises(ValueError, match="`y` must be"):
                method(x if y else (x, np.zeros(4, np.int32)))
        assert len(trained.predict(self.inputs(4), verbose=0)) == 4

    def test_classes_are_told_by_bayes_rule(self, trained):
        if self.y_domain is None:
            with pytest.raises(ValueError, match="has no classes"):
                trained.classify(self.x(2))
            with pytest.raises(ValueError, match="`y` must be left out"):
                trained.log_prob(self.x(2), [0, 0])
            return
        with pytest.raises(ValueError, match="`y` must be given"):
            trained.log_prob(self.x(3))
        probabilities = trained.classify(self.x(3))
        assert probabilities.shape == (3, self.y_domain.num_classes)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


class FlowContract(SamplerContract, DecodingContract):
    """For normalizing flows, made for a domain without levels."""

    def test_latents_give_the_examples_back(self, to_export):
        model, _ = to_export
        x = self.x(5)
        np.testing.assert_allclose(model.decode(model.encode(x)), x, atol=1e-4)

    def test_the_log_determinant_is_that_of_the_jacobian(self, to_export):
        model, _ = to_export
        x = tf.constant(self.x(2))
        with tf.GradientTape() as tape:
            tape.watch(x)
            latents, log_det = model.forward(x)
        size = model.latent_dim
        jacobian = np.reshape(tape.batch_jacobian(latents, x), (2, size, size))
        expected = np.linalg.slogdet(jacobian.astype(np.float64))[1]
        np.testing.assert_allclose(log_det, expected, rtol=1e-4, atol=1e-4 * size)
        assert np.abs(expected).min() > 0.1

    def test_loss_is_the_mean_of_the_log_likelihoods(self, trained):
        x = self.x(11)
        log_prob = trained.log_prob(x, batch_size=4)
        np.testing.assert_allclose(log_prob, trained.log_prob(x), rtol=1e-4)
        found = trained.evaluate(x, verbose=0, return_dict=True)
        assert found["loss"] == pytest.approx(-log_prob.mean(), rel=1e-4)
        bits = found["loss"] / np.log(2) / trained.latent_dim
        assert found["bits_per_dimension"] == pytest.approx(bits, rel=1e-4)

    def test_temperature_scales_the_latents(self, trained):
        noise = trained.noise(4, seed=3)
        expected = trained.decode(0.7 * noise)
        found = trained.sample(4, seed=3, temperature=0.7)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        with pytest.raises(ValueError, match="`temperature` must be a positive number"):
            trained.sample(4, temperature=[1.0, 1.0])


#: What a model's contract must be, by what the model is.
CONTRACTS = {
    Sampler: SamplerContract,
    Decoding: DecodingContract,
    Autoencoding: AutoencodingContract,
    AdversarialModel: AdversarialContract,
    AutoregressiveModel: AutoregressiveContract,
    FlowModel: FlowContract,
}


@functools.cache
def _domains_of(contract):
    """The domains of the data of a contract's model, a pair."""
    model = contract().make()
    return model.x_domain, model.y_domain


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
    x, *y = contract.arrays(6)
    y = y[0] if y else np.arange(6)
    pairs = tf.data.Dataset.from_tensor_slices((x, y)).batch(6)
    history = model.fit(pairs, validation_data=pairs, verbose=0).history
    names = {*model.term_names, *contract.further_terms, "mse"}
    assert set(history) == {*names, *(f"val_{name}" for name in names)}
    parts = [tuple(part[i : i + 3] for part in contract.arrays(6)) for i in (0, 3)]
    options = {"validation_data": iter(parts), "validation_steps": 2}
    model.fit(*contract.arrays(6), **options, verbose=0)
    model.fit(x, y, 64, 1, verbose=0)
    model.fit((part for part in parts), verbose=0)
    whole_numbers = np.rint(x).astype("int64")
    model.fit(whole_numbers, *contract.arrays(6)[1:], verbose=0)


def unsettle(model, seed=0, scale=0.3):
    """Random weights, biases included, so that nothing is zero by initialization."""
    generator = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        noise = generator.normal(size=tuple(weight.shape)).astype(np.float32)
        weight.assign(weight + scale * noise)


def make_tiny(model_class):
    """A tiny model of a class, with weights of which none is zero by initialization."""
    seed_initializers(1)
    contract = contract_of(model_class)()
    model = contract.make()
    contract.unsettle(model)
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
