"""Checks of networks that are given to models, and of the sizes of their images."""

import keras

from keras_gen.arguments import check_sizes, shown


def check_network(name, network, num_inputs=None, one_output=True) -> None:
    """Raises a ValueError unless `network` is a built network of known shapes.

    Args:
        name: String, the name of the argument.
        network: Any value.
        num_inputs: Optional integer, how many inputs the network must have.
        one_output: Boolean, whether it must have one output, not in a list or dict.
    """
    expected = f"`{name}` must be a built network" + " with one output" * one_output
    expected += ", such as those of `keras_gen.networks`. Received: "
    if not isinstance(network, keras.Model):
        raise ValueError(expected + shown(network))
    # Neither subclassed networks nor those without `Input` have them.
    outputs = getattr(network, "outputs", None)
    if outputs is None:
        raise ValueError(
            f"{expected}{network.name!r}, a {type(network).__name__} without known "
            "inputs and outputs. Give it an `Input`: `inputs = keras.Input(shape)`, "
            f"`{name} = keras.Model(inputs, network(inputs))`"
        )
    # A sequential network has its output in no list, and need not have been called.
    found = outputs[0] if isinstance(network, keras.Sequential) else network.output
    if one_output and (len(outputs) > 1 or not hasattr(found, "shape")):
        raise ValueError(f"{expected}{network.name!r} with outputs {shown(outputs)}")
    shapes = [tuple(tensor.shape[1:]) for tensor in (*network.inputs, *outputs)]
    if any(None in shape for shape in shapes):
        raise ValueError(
            f"{expected}{network.name!r} with unknown sizes in {shown(shapes)}"
        )
    if num_inputs is not None and len(network.inputs) != num_inputs:
        raise ValueError(
            f"`{name}` must have {num_inputs} input{'s' * (num_inputs > 1)}. Received: "
            f"{network.name!r} with {len(network.inputs)}"
        )


def check_latents(encoder, decoder, per_latent=1) -> None:
    """Raises a ValueError unless `decoder` takes the latents that `encoder` gives.

    Args:
        encoder: Built network to latents of shape `(latent_dim,)`.
        decoder: Built network, whose first input is such latents.
        per_latent: Integer, the numbers in which `encoder` ends for each latent, such
            as 2 for a mean and a scale.
    """
    numbers = tuple(encoder.output_shape[1:])
    if len(numbers) != 1 or numbers[0] % per_latent:
        raise ValueError(
            "`encoder` must end in latents of shape (latent_dim,)"
            + f", with {per_latent} numbers for each" * (per_latent > 1)
            + f". Received: {numbers}"
        )
    latents = (numbers[0] // per_latent,)
    taken = tuple(decoder.inputs[0].shape[1:])
    if taken != latents:
        raise ValueError(
            f"`decoder` must take the latents of `encoder`, of shape {latents}. "
            f"Received input shape: {taken}"
        )


def check_mirrored(encoder, decoder, num_inputs=1, per_latent=1) -> None:
    """Raises a ValueError unless `decoder` maps outputs of `encoder` to its inputs.

    Args:
        encoder: Network from images to latents.
        decoder: Network from latents to images.
        num_inputs: Integer, how many inputs `encoder` has; the first one is the images.
        per_latent: Integer, as for `check_latents()`.
    """
    check_network("encoder", encoder, num_inputs)
    check_network("decoder", decoder, 1)
    check_latents(encoder, decoder, per_latent)
    images = tuple(encoder.inputs[0].shape[1:])
    if tuple(decoder.output_shape[1:]) != images:
        raise ValueError(
            f"`decoder` must end in the images of `encoder`, of shape {images}. "
            f"Received output shape: {tuple(decoder.output_shape[1:])}"
        )


def check_maps(name, network, start, end=None, meaning="") -> None:
    """Raises a ValueError unless a network maps one shape to another.

    Args:
        name: String, the name of the argument.
        network: Any value.
        start: Tuple of integers, the shape of the input, without the batch. Or a list
            of such tuples, one for each input.
        end: Tuple of integers, the shape of the output; None for any shape.
        meaning: String, what the output is, for the error.
    """
    wanted = [tuple(s) for s in (start if isinstance(start, list) else [start])]
    check_network(name, network, len(wanted))
    takes = [tuple(tensor.shape[1:]) for tensor in network.inputs]
    gives = tuple(network.outputs[0].shape[1:])
    if takes != wanted or (end is not None and gives != tuple(end)):
        text = " and ".join(map(str, wanted))
        if end is not None:
            what = f"{meaning}, of shape " if meaning else ""
            text += f" and give {what}{tuple(end)}"
        raise ValueError(
            f"`{name}` must take shape {text}. Received a network from "
            f"{' and '.join(map(str, takes))} to {gives}"
        )


def check_judge(name, network, *shapes) -> None:
    """Raises a ValueError unless a network maps inputs of these shapes to one score.

    Args:
        name: String, the name of the argument.
        network: Any value.
        *shapes: Tuples of integers, the shape of each input, without the batch.
    """
    check_maps(name, network, list(shapes), (1,), "one score")


def check_classifier(name, network, shape) -> int:
    """Raises a ValueError unless a network maps a shape to a logit for each class.

    Args:
        name: String, the name of the argument.
        network: Any value.
        shape: Tuple of integers, the shape of the input, without the batch.

    Returns:
        Integer of at least 2, the number of classes.
    """
    check_maps(name, network, shape)
    logits = tuple(network.outputs[0].shape[1:])
    if len(logits) != 1 or logits[0] < 2:
        raise ValueError(
            f"`{name}` must end in a logit for each of at least 2 classes, of shape "
            f"(num_classes,). Received output shape: {logits}"
        )
    return logits[0]


def smallest_sides(image_shape, filters, num_whole=0) -> tuple[int, int]:
    """The height and width of an image after the layers that halve it, a pair.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        filters: List of integers, the channels of at least one layer.
        num_whole: Integer, the layers that do not halve.

    Raises:
        ValueError: If a size is not a positive integer or the image cannot be halved
            that often.
    """
    check_sizes("image_shape", image_shape)
    check_sizes("filters", filters)
    if len(image_shape) != 3 or not filters:
        raise ValueError(
            "`image_shape` must be (height, width, channels) and `filters` must hold "
            f"at least one integer. Received: {shown(image_shape)} and {shown(filters)}"
        )
    height, width, _ = image_shape
    scale = 2 ** (len(filters) - num_whole)
    if height % scale or width % scale:
        raise ValueError(
            f"The height and width of `image_shape` must be divisible by {scale} for "
            f"{len(filters)} `filters`. Received: {image_shape} and {shown(filters)}"
        )
    return height // scale, width // scale
