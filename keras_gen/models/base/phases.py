"""Phases of a training step, and one optimizer for several phases."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn, Self

import keras

from keras_gen.arguments import shown
from keras_gen.models.base import keras_seams


class Phase(NamedTuple):
    """A part of a training step in which some variables minimize one loss.

    Attributes:
        name: String. The phase minimizes the term `"<name>_loss"`, and `compile()`
            takes its optimizer as `<name>_optimizer`. The only phase of a model may
            have the name "": it minimizes `"loss"` and uses `optimizer`.
        terms: Function from `(batch, training)` to a dict of float32 scalars.
        variables: List of the variables that learn, for which the optimizer has state.
        steps: Integer of at least 1, the updates in one training step.
        after_update: Function without arguments, called after each update.
        optimizer: Optional function that makes the default optimizer of the phase. By
            default the `default_optimizer` of the model.
        frozen: List of those of `variables` that do not learn at present.
    """

    name: str
    terms: Callable[..., Any]
    variables: list
    steps: int = 1
    after_update: Callable[..., Any] = lambda: None
    optimizer: Callable[..., Any] | None = None
    frozen: tuple | list = ()

    @property
    def learning(self) -> list:
        """The variables that learn at present, a list."""
        frozen = {id(variable) for variable in self.frozen}
        return [v for v in self.variables if id(v) not in frozen]

    @property
    def loss(self) -> str:
        """The name of the term that the phase minimizes."""
        return f"{self.name}_loss" if self.name else "loss"

    def named_terms(self, batch, training, term_names) -> dict:
        """The terms of a batch, once their names are checked.

        Args:
            batch: `Batch`.
            training: Boolean, whether layers behave as in training.
            term_names: Tuple of strings, the `term_names` of the model.

        Returns:
            Dict from names to float32 scalars.

        Raises:
            ValueError: If the loss is missing, or a term is not among `term_names`.
        """
        terms = self.terms(batch, training=training)
        if self.loss not in terms:
            raise ValueError(
                f"The terms of a batch must hold {self.loss!r}, which is minimized. "
                f"Received: {', '.join(terms)}"
            )
        unknown = [name for name in terms if name not in term_names]
        if unknown:
            raise ValueError(
                "`term_names` must name all terms of a batch, or they are not "
                f"reported. Missing: {', '.join(unknown)}"
            )
        return terms


def choose_optimizer(model, optimizer, by_phase) -> keras.optimizers.Optimizer:
    """The optimizer of a model: what `compile()` got, or the defaults of the phases.

    Args:
        model: `GenerativeModel`.
        optimizer: The argument `optimizer` of `compile()`.
        by_phase: Dict of further arguments of `compile()`; optimizers of phases are
            removed from it.

    Returns:
        A Keras optimizer; for a model with named phases a `PhaseOptimizers`.

    Raises:
        ValueError: If an optimizer does not match the phases, or `by_phase` has a name
            that no argument of `compile()` has.
    """
    makers = {
        phase.name: phase.optimizer or model.default_optimizer
        for phase in model.phases()
    }
    own = [f"{name}_optimizer" if name else "optimizer" for name in makers]
    for name, value in by_phase.items():
        if name not in (*own, *inspect.signature(keras.Model.compile).parameters):
            raise ValueError(
                f"`{name}` is not an argument of `{type(model).__name__}.compile()`, "
                f"which takes {', '.join(f'`{name}`' for name in own)} and those of "
                f"`keras.Model.compile()`. Received: {name}={shown(value)}"
            )
    if list(makers) == [""]:
        chosen = keras.optimizers.get(makers[""]() if optimizer is None else optimizer)
        model.check_optimizer(chosen)
        return chosen
    if model.dtype_policy.name == "mixed_float16":
        raise ValueError(
            f"{type(model).__name__} does not train in mixed_float16, where Keras "
            "scales the loss of one optimizer only: use mixed_bfloat16."
        )
    given = {name: by_phase.pop(f"{name}_optimizer", None) for name in makers}
    if optimizer is None:
        chosen = {
            name: make() if given[name] is None else given[name]
            for name, make in makers.items()
        }
        return PhaseOptimizers(
            {name: keras.optimizers.get(part) for name, part in chosen.items()}
        )
    if any(part is not None for part in given.values()):
        names = ", ".join(name for name, part in given.items() if part is not None)
        raise ValueError(
            "`optimizer` holds the optimizers of all phases: leave out those that are "
            f"given besides. Received: {names}"
        )
    if not isinstance(optimizer, PhaseOptimizers):
        names = ", ".join(f"`{name}`" for name in own)
        raise ValueError(
            f"{type(model).__name__} has an optimizer for each phase: give {names} "
            f"instead of `optimizer`. Received: {shown(optimizer)}"
        )
    if set(optimizer.by_phase) != set(makers):
        raise ValueError(
            f"`optimizer` must hold one for each of {', '.join(makers)}. "
            f"Received: {', '.join(optimizer.by_phase)}"
        )
    return optimizer


def optimizer_of(phase, optimizer) -> keras.optimizers.Optimizer:
    """The optimizer of a phase, from the optimizer of its model."""
    return optimizer.by_phase[phase.name] if phase.name else optimizer


@keras.saving.register_keras_serializable(package="keras_gen")
class PhaseOptimizers(keras.optimizers.Optimizer):
    """One optimizer for each phase of a model.

    It is the `optimizer` of a model with several phases, and is saved and loaded with
    the state of all optimizers. Keras' callbacks, such as `LearningRateScheduler`,
    `ReduceLROnPlateau` and `TensorBoard`, reach each of the `optimizers`. `iterations`
    counts training steps; a phase may make several updates in a step.

    Args:
        by_phase: Dict from the name of each phase to its Keras optimizer.
        name: Optional string.
    """

    def __init__(self, by_phase, name="phase_optimizers"):
        super().__init__(learning_rate=0.0, name=name)
        self.by_phase = dict(by_phase)

    @property
    def optimizers(self) -> list:
        """The optimizers, a list in the order of the phases."""
        return list(self.by_phase.values())

    @property
    def variables(self) -> list:
        own = keras_seams.own_variables(self)
        return own + [v for part in self.optimizers for v in part.variables]

    @property
    def learning_rate(self) -> NoReturn:
        raise AttributeError(
            "Each phase has its own learning rate: take those of `optimizers`."
        )

    def build(self, variables) -> None:
        """Does nothing: the model builds the optimizer of each phase."""

    def finalize_variable_values(self, variables) -> None:
        for optimizer in self.optimizers:
            optimizer.finalize_variable_values(keras_seams.trained_variables(optimizer))

    def save_own_variables(self, store) -> None:
        # Keras saves `by_phase` by itself.
        store["iterations"] = self.iterations.numpy()

    def load_own_variables(self, store) -> None:
        self.iterations.assign(store["iterations"])

    def get_config(self) -> dict:
        serialize = keras.saving.serialize_keras_object
        by_phase = {name: serialize(part) for name, part in self.by_phase.items()}
        return {"by_phase": by_phase, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None) -> Self:
        deserialize = keras.saving.deserialize_keras_object
        by_phase = {
            name: deserialize(part, custom_objects)
            for name, part in config["by_phase"].items()
        }
        return cls(by_phase, config["name"])
