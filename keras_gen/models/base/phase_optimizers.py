"""Several optimizers that Keras takes for one."""

import keras


@keras.saving.register_keras_serializable(package="keras_gen")
class PhaseOptimizers(keras.optimizers.Optimizer):
    """One optimizer for each phase of an `AlternatingModel`.

    It is what such a model has as `optimizer`: saved and loaded with it, all moments
    included. Keras' callbacks, such as `LearningRateScheduler`, `ReduceLROnPlateau` and
    `TensorBoard`, find the optimizers in `optimizers` and reach each of them. Its own
    `iterations` counts training steps, in which a phase may take several of its own.

    Args:
        by_phase: Dict from the name of each phase to its Keras optimizer.
        name: Optional string.
    """

    def __init__(self, by_phase, name="phase_optimizers"):
        super().__init__(learning_rate=0.0, name=name)
        self.by_phase = dict(by_phase)

    @property
    def optimizers(self):
        """The optimizers, a list in the order of the phases."""
        return list(self.by_phase.values())

    @property
    def variables(self):
        own = self._variables[:]
        return own + [v for part in self.optimizers for v in part.variables]

    @property
    def learning_rate(self):
        raise AttributeError(
            "Each phase has its own learning rate: take those of `optimizers`."
        )

    def build(self, variables):
        """Does nothing: the model builds each optimizer on its phase's variables."""

    def finalize_variable_values(self, variables):
        for optimizer in self.optimizers:
            optimizer.finalize_variable_values(optimizer._trainable_variables)

    def save_own_variables(self, store):
        # Keras saves `by_phase` by itself.
        store["iterations"] = self.iterations.numpy()

    def load_own_variables(self, store):
        self.iterations.assign(store["iterations"])

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        by_phase = {name: serialize(part) for name, part in self.by_phase.items()}
        return {"by_phase": by_phase, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        deserialize = keras.saving.deserialize_keras_object
        by_phase = {
            name: deserialize(part, custom_objects)
            for name, part in config["by_phase"].items()
        }
        return cls(by_phase, config["name"])
