"""A connection of the REST server that does not wait for ever."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Connection(HttpToolsProtocol):
    """Uvicorn's connection with limits of time, of length and of their number.

    Uvicorn itself waits without end for the rest of a request, and keeps what it has of
    it. A request that breaks a limit is answered once, and the connection closes.

    Attributes:
        most: Integer, connections of the server at once.
        head_seconds: Float, from the connection, or the first byte of another request,
            to the end of a head.
        body_seconds: Float, from there to the end of the body.
        unread_seconds: Float, for which a closed connection waits until its client has
            read the answer.
        head_bytes: Integer, of a head.
    """

    most = 512
    head_seconds = 10.0
    body_seconds = 60.0
    unread_seconds = 60.0
    head_bytes = 2**16

    def __init__(self, *parts, **options):
        super().__init__(*parts, **options)
        self._timer = None
        self._abortion = None
        self._is_in_head = True
        self._num_bytes = 0

    def connection_made(self, transport):
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._refuse(503, f"The server has {self.most} connections. Try again.")
            return
        self._wait(self.head_seconds)

    def connection_lost(self, exc):
        self._wait(None)
        if self._abortion is not None:
            self._abortion.cancel()
        super().connection_lost(exc)

    def data_received(self, data):
        if self.transport.is_closing():
            return
        # Also if only empty lines come, before a request.
        self._begin_head()
        self._num_bytes += len(data)
        super().data_received(data)
        is_long = self._is_in_head and self._num_bytes > self.head_bytes
        if is_long and not self.transport.is_closing():
            self._refuse(431, f"A head may have {self.head_bytes} bytes at most.")

    def on_message_begin(self):
        self._begin_head()
        super().on_message_begin()

    def on_headers_complete(self):
        self._is_in_head = False
        self._wait(self.body_seconds)
        super().on_headers_complete()
        if getattr(self.server_state, "is_stopping", False) and self.cycle is not None:
            # The next request of the client goes elsewhere.
            self.cycle.keep_alive = False

    def on_message_complete(self):
        self._is_in_head = True
        self._num_bytes = 0
        self._wait(None)
        super().on_message_complete()

    def timeout_keep_alive_handler(self):
        super().timeout_keep_alive_handler()
        self._abort_later()

    def _begin_head(self):
        if self._is_in_head and self._timer is None:
            self._wait(self.head_seconds)

    def _wait(self, seconds):
        """Sets the time that is left; None for no limit."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = seconds and self.loop.call_later(seconds, self._time_out)

    def _time_out(self):
        self._timer = None
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering and self._is_in_head:
            # The head of another request that has been sent ahead.
            self.cycle.keep_alive = False
        elif is_answering and self.cycle.response_started:
            self.transport.close()
            self._abort_later()
        else:
            part = "head" if self._is_in_head else "body"
            self._refuse(408, f"The {part} of the request came too slowly.")

    def _refuse(self, status, message):
        body = b'{"error": "%s"}' % message.encode()
        self.transport.write(
            b"HTTP/1.1 %d \r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%s" % (status, len(body), body)
        )
        self.transport.close()
        self._abort_later()

    def _abort_later(self):
        if self._abortion is None:
            self._abortion = self.loop.call_later(
                self.unread_seconds, self.transport.abort
            )
