"""A runtime of MLServer that runs exported models."""

from mlserver import MLModel
from mlserver.errors import InferenceError
from mlserver.types import InferenceResponse, ResponseOutput
from mlserver.utils import get_model_uri

from keras_gen.serving.pool import Batches, shared_pool
from keras_gen.serving.requests import (
    DATATYPES,
    inputs_of,
    lowest_inputs,
    outputs_wanted,
)


class Runtime(MLModel):
    """One signature of an exported model.

    Its settings describe the inputs and outputs. `parameters.extra` has the `signature`
    and the number of `workers`, which all models of a server share. `max_batch_size` is
    the largest number of rows of a request and of a batch of requests.
    """

    async def load(self):
        """Opens the model in every worker."""
        extra = self.settings.parameters.extra
        self._batches = Batches(
            shared_pool(extra.get("workers", 1)),
            await get_model_uri(self.settings),
            extra["signature"],
            self.settings.max_batch_size,
        )
        await self._batches.open(lowest_inputs(self.inputs))
        return True

    async def predict(self, payload):
        """The outputs for a request, which is refused unless it is as stated."""
        try:
            inputs = inputs_of(payload, self.inputs, self.settings.max_batch_size)
            wanted = outputs_wanted(payload, self.outputs)
        except ValueError as error:
            raise InferenceError(str(error)) from error
        outputs = await self._batches.run(inputs)
        return InferenceResponse.model_construct(
            model_name=self.name,
            outputs=[
                # Not checked number by number: that would take longer than most jobs.
                ResponseOutput.model_construct(
                    name=name,
                    shape=outputs[name].shape,
                    datatype=DATATYPES[outputs[name].dtype.name],
                    data=outputs[name].reshape(-1),
                )
                for name in wanted
            ],
        )
