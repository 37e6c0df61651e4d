"""Adam whose moments begin anew when a network grows."""

import keras
from keras import ops

from keras_gen.models.base.keras_seams import moments_of
from keras_gen.models.base.replicas import assign_everywhere


@keras.saving.register_keras_serializable(package="keras_gen")
class RestartedAdam(keras.optimizers.Adam):
    """Adam that can forget its moments.

    After a restart both moments and their correction of bias begin as at the first
    update. So layers that have had no gradient until then take steps of the usual size.
    The learning rate and `iterations` go on.

    Args:
        *args: As for `keras.optimizers.Adam`.
        **kwargs: As for `keras.optimizers.Adam`, without `amsgrad`.
    """

    def build(self, variables) -> None:
        if not self.built:
            self.begun = self.add_variable(
                (), "zeros", "int32", aggregation="only_first_replica", name="begun"
            )
        super().build(variables)

    def restart(self, condition) -> None:
        """Lets the moments begin anew with the next update, within a training step.

        Args:
            condition: Boolean scalar, whether to do so.
        """
        begun = ops.convert_to_tensor(self.begun)
        now = ops.cast(self.iterations, "int32")
        assign_everywhere(self.begun, ops.where(condition, now, begun))

    def update_step(self, gradient, variable, learning_rate) -> None:
        mean, square = moments_of(self, variable)
        gradient = ops.cast(gradient, variable.dtype)
        rate = ops.cast(learning_rate, variable.dtype)
        age = ops.cast(self.iterations, "int32") - ops.convert_to_tensor(self.begun)
        updates = ops.cast(age + 1, variable.dtype)

        def moved(moment, value, beta):
            # A corrected moment is a mean by itself, in which the first value is all.
            share = ops.where(updates > 1, (1 - beta) / (1 - beta**updates), 1.0)
            return (1 - share) * moment + share * value

        new_mean = moved(mean, gradient, self.beta_1)
        new_square = moved(square, ops.square(gradient), self.beta_2)
        self.assign(mean, new_mean)
        self.assign(square, new_square)
        change = rate * new_mean / (ops.sqrt(new_square) + self.epsilon)
        self.assign_sub(variable, change)
