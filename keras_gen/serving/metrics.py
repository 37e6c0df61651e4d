"""What the server counts for Prometheus, beside MLServer's counts of requests."""

from prometheus_client import Counter, Gauge, Histogram

_ROWS = tuple(2**power for power in range(13))

QUEUE = Gauge(
    "keras_gen_queue_requests", "Requests that wait for a worker, or that one runs"
)
QUEUE_BYTES = Gauge("keras_gen_queue_bytes", "Bytes of the inputs of these requests")
WAIT_SECONDS = Histogram(
    "keras_gen_queue_seconds", "Time that a request waits for a worker", ["model"]
)
BATCH_ROWS = Histogram(
    "keras_gen_batch_rows", "Rows of a batch", ["model"], buckets=_ROWS
)
BATCH_SECONDS = Histogram(
    "keras_gen_batch_seconds", "Time in which a worker answers a batch", ["model"]
)
WORKERS_BUSY = Gauge("keras_gen_workers_busy", "Workers that run a batch")
#: `kind` is "worker" or "reader"; `reason` is "died" or "stopped": it took too long.
REPLACED = Counter(
    "keras_gen_processes_replaced",
    "Processes of the server that were replaced",
    ["kind", "reason"],
)
MODEL = Gauge(
    "keras_gen_model_info",
    "1 for each model that is served, with the sha256 of what it was exported from",
    ["model", "version", "sha256"],
)
