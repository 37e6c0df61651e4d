"""Files and the page of `export/browser/` in headless Chromium, with LiteRT.js.

The variable `LITERTJS` names the `node_modules` folder that has `@litertjs/core`.
Without it, it is the one that `npm install` makes beside the page.
"""

import base64
import contextlib
import http.server
import io
import json
import os
import queue
import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_gen import zoo
from keras_gen.export import export_tflite
from keras_gen.export.parity import compare, probes
from keras_gen.images import grid

PAGE = Path(__file__).parents[2] / "export" / "browser"
MODULES = Path(os.environ.get("LITERTJS", PAGE / "node_modules"))
CHROMIUM = shutil.which("chromium")
# Seconds for a page that hangs.
_PATIENCE = 1200
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# At the end of the page: tells what it says and shows, once it has drawn.
TELL = """
<script type="module">
  const output = document.querySelector('output');
  new MutationObserver(() => {
    if (output.value.startsWith('Working')) return;
    const shown = document.querySelector('img').src;
    fetch('/told', {method: 'POST', body: JSON.stringify([output.value, shown])});
  }).observe(output, {childList: true, characterData: true, subtree: true});
</script>
"""
# In place of the page: runs signatures on inputs, and tells the outputs.
RUN = """
<script type="importmap">%s</script>
<script type="module">
  import {Sampler} from './sampler.js';
  const outputs = {};
  try {
    const bytes = new Uint8Array(await (await fetch('/model.tflite')).arrayBuffer());
    const sampler = await Sampler.open(bytes, './node_modules/@litertjs/core/wasm/');
    const given = await (await fetch('/inputs')).json();
    for (const [name, inputs] of Object.entries(given)) {
      outputs[name] = {};
      for (const [key, values] of Object.entries(await sampler.run(name, inputs, 2))) {
        outputs[name][key] = Array.from(values);
      }
    }
  } catch (error) {
    outputs.error = error.message;
  }
  fetch('/told', {method: 'POST', body: JSON.stringify(outputs)});
</script>
"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.skipif(
        not (MODULES / "@litertjs" / "core").is_dir(),
        reason=f"@litertjs/core is not installed in {MODULES}",
    ),
]


class Browser:
    """Serves pages on this machine, and opens them in Chromium."""

    def __init__(self, folder):
        self.folder, self.pages, self._told = folder, {}, queue.Queue()
        browser = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def translate_path(self, path):
                path = path.partition("?")[0]
                if path.startswith("/node_modules/"):
                    return str(MODULES / path.removeprefix("/node_modules/"))
                return str(PAGE / path[1:])

            def do_GET(self):  # noqa: N802
                path = self.path.partition("?")[0]
                if path not in browser.pages:
                    return super().do_GET()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                return self.wfile.write(browser.pages[path])

            def do_POST(self):  # noqa: N802
                told = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.end_headers()
                browser._told.put(json.loads(told))

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def open(self, path):
        """What the page at a path tells."""
        options = [*OPTIONS, f"--user-data-dir={self.folder}"]
        address = f"http://127.0.0.1:{self.server.server_port}{path}"
        with open(self.folder.with_suffix(".log"), "wb") as log:
            process = subprocess.Popen([CHROMIUM, *options, address], stderr=log)
        try:
            for _ in range(_PATIENCE):
                with contextlib.suppress(queue.Empty):
                    return self._told.get(timeout=1)
                assert process.poll() is None, f"Chromium has ended: {log.name}"
            raise AssertionError(f"the page {path} tells nothing: {log.name}")
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
def browser(tmp_path):
    opened = Browser(tmp_path / "chromium")
    yield opened
    opened.server.shutdown()
    opened.server.server_close()


@pytest.fixture(
    scope="module",
    params=[
        ("vae_mnist", None),
        ("dcgan_mnist", None),
        ("gated_pixel_cnn_mnist", ("sample", "impute")),
    ],
    ids=lambda param: param[0],
)
def exported(request, tmp_path_factory):
    """An entry of each family, the signatures of its file, and the file's bytes."""
    name, signatures = request.param
    model = zoo.load(name)
    model.compiled_sampling = False  # XLA compiles for longer than a few rows take.
    path = tmp_path_factory.mktemp("browser") / "model.tflite"
    report = export_tflite(model, path, signatures=signatures)
    return model, list(report.parity), path.read_bytes()


def test_the_page_draws_the_images_of_the_model(browser, exported):
    model, _, browser.pages["/model.tflite"] = exported
    browser.pages["/index.html"] = (PAGE / "index.html").read_bytes() + TELL.encode()
    said, shown = browser.open("/index.html?model=/model.tflite&num=5&seed=7")
    assert said.startswith("5 images, "), said
    picture = Image.open(io.BytesIO(base64.b64decode(shown.partition(",")[2])))
    expected = grid(model.x_domain.to_bytes(model.sample(5, 7)))[..., 0]
    np.testing.assert_array_equal(picture.convert("L"), expected)


def test_every_signature_gives_what_the_model_gives(browser, exported):
    model, names, browser.pages["/model.tflite"] = exported
    page = (PAGE / "index.html").read_text()
    imports = page.partition('"importmap">')[2].partition("</script>")[0]
    browser.pages["/run.html"] = (RUN % imports).encode()
    expected = probes(model, names, 2)
    browser.pages["/inputs"] = json.dumps(
        {
            name: {key: v.ravel().tolist() for key, v in probe.inputs.items()}
            for name, probe in expected.items()
        }
    ).encode()
    found = browser.open("/run.html")
    assert "error" not in found, found
    for name, probe in expected.items():
        outputs = {
            key: np.array(found[name][key], values.dtype).reshape(values.shape)
            for key, values in probe.outputs.items()
        }
        assert compare(probe, outputs).num_differing == 0, name
