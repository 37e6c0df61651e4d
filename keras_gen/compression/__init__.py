"""Lossless codes: real bytes with a decoder, whatever model gives the probabilities.

Models compress with this room. It knows no model: it rounds numbers so that they are
the same wherever they are computed, turns probabilities into integer tables, keeps the
stack of the entropy coder, and writes the file.
"""

from keras_gen.compression.container import Code, pack, unpack
from keras_gen.compression.decisions import Decisions
from keras_gen.compression.grid import Grid
from keras_gen.compression.latents import pack_latents, unpack_latents
from keras_gen.compression.stack import Stack
from keras_gen.compression.tables import PRECISION, geometric, integer_table, uniform

__all__ = [
    "PRECISION",
    "Code",
    "Decisions",
    "Grid",
    "Stack",
    "geometric",
    "integer_table",
    "pack",
    "pack_latents",
    "uniform",
    "unpack",
    "unpack_latents",
]
