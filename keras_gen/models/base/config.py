"""Configs from the signatures of constructors."""

import copy
import functools
import inspect
from typing import Self

import keras


class ConfigBySignature:
    """Abstract: a model whose constructor arguments are its config.

    Each argument is kept on `self` under its own name. Keyword-only arguments of a base
    are options. A subclass passes them on as `**kwargs`, and they belong to its config
    too.

    A traced step keeps the values of the arguments. If you assign an argument, `fit()`
    traces again; you cannot assign one during `fit()`.
    """

    _is_fitting = False

    def __setattr__(self, name, value):
        if name in vars(self) and name in arguments_of(type(self)):
            if self._is_fitting:
                raise ValueError(
                    f"`{name}` cannot be assigned while the model trains, as its step "
                    "is traced already: give a Keras schedule of the training step "
                    f"where {type(self).__name__} takes one. Received: {value!r}"
                )
            # Keras makes these functions again.
            self.train_function = self.test_function = self.predict_function = None
        super().__setattr__(name, value)

    def get_config(self) -> dict:
        config = {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in arguments_of(type(self))
        }
        dtype = keras.saving.serialize_keras_object(self.dtype_policy)
        return {"name": self.name, "dtype": dtype, **config}

    @classmethod
    def from_config(cls, config) -> Self:
        # Keras changes the configs of networks when it reads them.
        config = copy.deepcopy(config)
        return cls(
            **{
                name: keras.saving.deserialize_keras_object(value)
                for name, value in config.items()
            }
        )


@functools.cache
def arguments_of(cls) -> list:
    """The constructor arguments of a model: its own, then the options of its bases."""
    names, own = {}, None
    for base in cls.__mro__:
        if base is keras.Model:
            break
        if "__init__" not in vars(base):
            continue
        own = own or base
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        for parameter in parameters:
            is_own = base is own and parameter.kind == parameter.POSITIONAL_OR_KEYWORD
            if is_own or parameter.kind == parameter.KEYWORD_ONLY:
                names[parameter.name] = None
        if all(parameter.kind != parameter.VAR_KEYWORD for parameter in parameters):
            break
    return list(names)
