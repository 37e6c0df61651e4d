"""The model of a training: made by its recipe and compiled."""

import contextlib
import math

import keras

from keras_gen.models.base import marks_of
from keras_gen.random import seed_initializers
from keras_gen.zoo.shelf.loading import open_model
from keras_gen.zoo.shelf.recipes import check_takes


def check_rate(recipe, learning_rate):
    """Raises a ValueError unless a recipe can take a learning rate, or it is None."""
    if learning_rate is None:
        return
    check_takes(recipe, "compile", "learning_rate", learning_rate)
    is_number = isinstance(learning_rate, (int, float))
    if not (is_number and 0 < learning_rate < math.inf):
        raise ValueError(
            f"`learning_rate` must be a number above 0. Received: {learning_rate!r}"
        )


def compiled_model(recipe, dealt, strategy, run, max_skipped):
    """The recipe's model, with initial weights and compiled."""
    rate = run["learning_rate"]
    options = {} if rate is None else {"learning_rate": rate}
    with contextlib.nullcontext() if strategy is None else strategy.scope():
        seed_initializers(run["seed"])
        with _dtype_policy(getattr(recipe, "training_dtype", None)):
            model = recipe.model(seed=run["seed"])
        if hasattr(recipe, "prepare"):
            recipe.prepare(model, dealt.batches)
        recipe.compile(model, steps=run["epochs"] * dealt.steps, **options)
        if max_skipped is not None:
            _skip_nonfinite(model)
    return model


@contextlib.contextmanager
def _dtype_policy(dtype):
    """Gives new layers a dtype policy, unless it is None."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype or before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def take_weights(model, name):
    """Takes the weights of another model of the same recipe."""
    try:
        model.set_weights(open_model(name).get_weights())
    except ValueError as error:
        raise ValueError(
            f"`start_from` must be a model of this recipe. Received {str(name)!r}: "
            f"{error}"
        ) from error


def _skip_nonfinite(model):
    """Compiles a model once more, so that it skips updates that are not finite."""
    if not marks_of(model):
        raise ValueError(
            "`max_skipped` must be left out for a model that is no `GenerativeModel`. "
            f"Received a {type(model).__name__}."
        )
    model.compile(
        model.optimizer,
        jit_compile=model.jit_compile,
        steps_per_execution=model.steps_per_execution,
        skip_nonfinite=True,
    )


def execute_whole_epochs(model, steps, start, strategy):
    """Lowers `steps_per_execution` until it divides what is left of each epoch."""
    # From an endless stream Keras takes whole executions, so the last one could reach
    # into the next epoch. On several replicas an execution has one step.
    several = strategy is not None and strategy.num_replicas_in_sync > 1
    at_once = 1 if several else model.steps_per_execution
    model.steps_per_execution = math.gcd(steps, start[1], at_once)
