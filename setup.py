"""Metadata of keras_gen; `zoo/` and `export/` travel in the wheel as data."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
SOURCE = (ROOT / "keras_gen" / "__init__.py").read_text(encoding="utf-8")
# Some of Keras that `fit()` uses is private, and TensorFlow sets what exports contain:
# a new minor version of either is tried before it is allowed.
CORE = [
    "tensorflow>=2.20,<2.22",
    "keras>=3.15.1,<3.16",
    "tensorflow-probability>=0.25,<0.26",
    "tf-keras>=2.20,<2.22",
    "setuptools",  # tensorflow-probability imports its `distutils`.
    "absl-py",
    "tensorboard",
    "numpy",
    "pillow",
]
DATASETS = ["tensorflow-datasets>=4.9.10", "importlib_resources"]
PLOTS = ["matplotlib"]
MIDI = ["mido>=1.3"]
COMPRESS = ["constriction>=0.5,<0.6"]
EXPORT = ["ai-edge-litert>=2.3"]
ONNX = ["tf2onnx>=1.17", "onnx>=1.17", "onnxruntime>=1.20"]
# `keras_gen/serving` changes parts of MLServer and uvicorn that may move with a
# version. This MLServer needs uvloop before 0.22, and Python before 3.13. With
# httptools its REST server parses faster.
SERVE = ["orjson", "prometheus-client"] + [
    f"{requirement}; python_version < '3.13'"
    for requirement in (
        "mlserver==1.7.1",
        "uvicorn<0.55",
        "uvloop<0.22",
        "httptools",
        "grpcio-health-checking",
        "grpcio-reflection",
    )
]

setup(
    name="keras-gen",
    version=re.search(r'__version__ = "(.+)"', SOURCE).group(1),
    description="A zoo of deep generative models for Keras 3 on TensorFlow",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    # TensorFlow has no wheel for Python 3.14.
    python_requires=">=3.11,<3.14",
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    packages=[
        *find_packages(include=["keras_gen", "keras_gen.*"]),
        "keras_gen.export.standalone",
        "keras_gen.zoo.entries",
    ],
    package_dir={
        "keras_gen": "keras_gen",
        "keras_gen.export.standalone": "export",
        "keras_gen.zoo.entries": "zoo",
    },
    package_data={
        "keras_gen": ["py.typed"],
        "keras_gen.zoo.entries": ["*/*", "*/documents/*"],
        "keras_gen.datasets": ["mnist/*", "mnist/*/*", "*.mjs"],
    },
    install_requires=CORE,
    extras_require={
        "datasets": DATASETS,
        "plots": PLOTS,
        "midi": MIDI,
        "compress": COMPRESS,
        "export": EXPORT,
        "onnx": ONNX,
        "serve": EXPORT + SERVE,
        "docs": ["mkdocs-material>=9.7,<10", "mkdocstrings[python]>=1.0,<2", "ruff"],
        "test": [
            *DATASETS,
            *PLOTS,
            *MIDI,
            *COMPRESS,
            *EXPORT,
            *ONNX,
            *SERVE,
            "pytest>=8",
            "pytest-xdist>=3.6",
            "schemathesis>=4.32",
            "jsonschema>=4",
            "pyyaml>=6",
        ],
    },
    entry_points={"console_scripts": ["keras-gen = keras_gen.cli:main"]},
)
