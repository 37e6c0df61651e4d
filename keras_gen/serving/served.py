"""The models of a running server, and how they answer requests."""

from mlserver.errors import MLServerError

# All models have this version.
VERSION = "1"


class NotServedError(MLServerError):
    """There is no such model, or no such version of it."""

    def __init__(self, message):
        super().__init__(message, 404)


class Served:
    """The models that a server has loaded, counted by MLServer's metrics.

    Args:
        data_plane: `mlserver.handlers.DataPlane`.
        names: Sequence of names of models.

    Attributes:
        is_stopping: Boolean, whether the server has been told to stop. It is not ready
            then, but still answers.
    """

    def __init__(self, data_plane, names):
        self._data_plane = data_plane
        self.names = tuple(names)
        self.is_stopping = False

    async def is_ready(self):
        """Whether requests may be sent to this server."""
        return not self.is_stopping and await self._data_plane.ready()

    def check(self, name, version=None):
        """Raises a NotServedError unless a model is served.

        Metrics and logs get only names that have passed, so that they do not grow with
        what clients make up.
        """
        if name not in self.names:
            raise NotServedError(
                f"Model {_shown(name)} not found. There are: {', '.join(self.names)}"
            )
        if version not in (None, "", VERSION):
            raise NotServedError(
                f"Model {name} has version {VERSION!r} only. Received: "
                f"{_shown(version)}"
            )

    async def is_model_ready(self, name, version=None):
        """Whether requests to one model may be sent to this server."""
        return (await self.model(name, version)).ready and not self.is_stopping

    async def model(self, name, version=None):
        """A model that is served, as its `Runtime`."""
        self.check(name, version)
        return await self._data_plane._model_registry.get_model(name, VERSION)

    def counted(self, name):
        """Counts and times a request in a block."""
        return self._data_plane._infer_contextmanager(name, VERSION)


def _shown(name):
    return repr(name if len(name) <= 64 else name[:61] + "...")
