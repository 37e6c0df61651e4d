"""Metadata of keras_gen; `zoo/` and `export/` travel in the wheel as data."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
SOURCE = (ROOT / "keras_gen" / "__init__.py").read_text(encoding="utf-8")
EXPORT = ["ai-edge-litert>=2.3"]
# `keras_gen/serving/server.py` changes parts of MLServer that may move with a version.
# This one needs uvloop before 0.22, and Python before 3.13. With httptools its REST
# server parses faster.
SERVE = ["mlserver==1.7.1", "uvloop<0.22", "httptools"]

setup(
    name="keras-gen",
    version=re.search(r'__version__ = "(.+)"', SOURCE).group(1),
    description="A zoo of deep generative models for Keras 3 on TensorFlow",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
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
        "keras_gen.zoo.entries": ["*/*"],
        "keras_gen.datasets": ["mnist/*", "mnist/*/*"],
    },
    install_requires=[
        "tensorflow>=2.20",
        "keras>=3.15.1",
        "tensorflow-probability>=0.25",
        "tf-keras>=2.20",
        "tensorflow-datasets>=4.9.10",
        "importlib_resources",
        "absl-py",
        "tensorboard",
        "numpy",
        "pillow",
        "matplotlib",
    ],
    extras_require={
        "export": EXPORT,
        "serve": EXPORT + SERVE,
        "test": [
            *EXPORT,
            *SERVE,
            "pytest>=8",
            "schemathesis>=4.32",
            "jsonschema>=4",
            "pyyaml>=6",
        ],
    },
    entry_points={"console_scripts": ["keras-gen = keras_gen.cli:main"]},
)
