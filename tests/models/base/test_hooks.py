"""Abstract or final: an implemented method is overridden only if it is a hook."""

import inspect

import keras
import pytest
from contracts import public_models

from keras_gen.models import base

#: Hooks that have an implementation, by the class that declares them. All other hooks
#: raise a NotImplementedError until a subclass implements them.
HOOKS = {
    "AdversarialModel": {
        "after_discriminator_update",
        "after_generator_update",
        "draw_latents",
        "examples",
        "from_noise",
    },
    "AutoregressiveModel": {"log_prob_of_sites", "training_parameters"},
    "Door": {"check_input", "check_optimizer", "fit_callbacks"},
    "EncoderDecoder": {"decode", "encode"},
    "ExactLikelihood": {"log_prob_conditions"},
    "ExpectationMaximization": {"further_terms"},
    "GenerativeModel": {
        "comparison",
        "default_optimizer",
        "domain_of",
        "phases",
        "stopped_losses",
    },
    "LatentVariableModel": {
        "encode",
        "loss_terms",
        "noise_rows",
        "posterior_noise_shape",
    },
    "Sampler": {"conditions"},
    "Scoring": {"score_functions"},
    "SiteSampler": {
        "choose_order",
        "enter_row",
        "into_order",
        "ordered_parameters",
        "out_of_order",
    },
    "TwoDomainGame": {"discriminator_loss", "generator_loss", "score_x", "score_y"},
    "VariationalModel": {"prior"},
}
#: What Keras has and the base has its own way of.
OF_KERAS = {
    "call",
    "compile",
    "compile_from_config",
    "evaluate",
    "export",
    "fit",
    "from_config",
    "get_compile_config",
    "get_config",
    "metrics",
    "predict",
    "predict_on_batch",
    "reset_metrics",
    "test_on_batch",
    "test_step",
    "train_on_batch",
    "train_step",
}


def function_of(member):
    """The function behind a method, property or `tf.function`; None for another."""
    member = getattr(member, "python_function", member)
    member = getattr(member, "fget", getattr(member, "__func__", member))
    return inspect.unwrap(member) if inspect.isfunction(member) else None


def is_abstract(function):
    """Whether a function is there to be implemented."""
    raises = "raise NotImplementedError"
    return function is not None and raises in inspect.getsource(function)


def overrides(model):
    """Pairs of classes and names of the methods that one overrides in the other."""
    for index, cls in enumerate(model.__mro__):
        if not cls.__module__.startswith("keras_gen."):
            continue
        for name, member in vars(cls).items():
            if function_of(member) is None or name.startswith("__"):
                continue
            for above in model.__mro__[index + 1 :]:
                if name in vars(above):
                    yield cls, above, name
                    break


def hooks_of(model):
    """The implemented hooks that the classes of a model declare."""
    return set().union(*(HOOKS.get(cls.__name__, ()) for cls in model.__mro__))


@pytest.mark.parametrize("model", public_models(), ids=lambda m: m.__name__)
def test_only_hooks_are_overridden(model):
    for cls, above, name in overrides(model):
        where = f"{cls.__name__}.{name} overrides that of {above.__name__}"
        if not above.__module__.startswith("keras_gen."):
            assert name in OF_KERAS, where
            assert cls.__module__.startswith("keras_gen.models.base."), where
            continue
        if not is_abstract(function_of(vars(above)[name])):
            assert name in hooks_of(model), where


def test_hooks_are_declared_where_they_are_implemented():
    classes = {cls.__name__: cls for model in public_models() for cls in model.__mro__}
    for owner, names in HOOKS.items():
        for name in names:
            assert name in vars(classes[owner]), f"{owner}.{name}"


def test_abstract_classes_are_no_models_of_their_own():
    for name in base.__all__:
        member = getattr(base, name)
        if isinstance(member, type) and issubclass(member, keras.Model):
            registered = keras.saving.get_registered_object(f"keras_gen>{name}")
            assert registered is None, name
