"""A runtime of MLServer that runs exported models."""

from mlserver import MLModel

from keras_gen.serving.metrics import MODEL
from keras_gen.serving.pool import Batches
from keras_gen.serving.requests import Stated, lowest_inputs


class Runtime(MLModel):
    """One signature of an exported model.

    Its settings describe the inputs and outputs. `parameters.extra` has the `path` of
    the model, the `signature`, the `pool` of workers and the `sha256` of what was
    exported. `max_batch_size` is the largest number of rows of a request and of a batch
    of requests.

    Attributes:
        stated: `keras_gen.serving.requests.Stated`, what it takes and gives.
    """

    async def load(self):
        """Opens the model in every worker."""
        extra = self.settings.parameters.extra
        self.stated = Stated(
            [spec.model_dump() for spec in self.inputs],
            [spec.name for spec in self.outputs],
            self.settings.max_batch_size,
        )
        self._batches = Batches(
            extra["pool"],
            extra["path"],
            extra["signature"],
            self.stated.max_rows,
            self.name,
        )
        await self._batches.open(lowest_inputs(self.stated))
        MODEL.labels(self.name, self.version, extra["sha256"]).set(1)
        return True

    async def run(self, request):
        """The outputs for a request.

        Args:
            request: `keras_gen.serving.requests.Request`.

        Returns:
            Dict of arrays by name, those that are wanted.
        """
        outputs = await self._batches.run(request.inputs)
        return {name: outputs[name] for name in request.outputs}
