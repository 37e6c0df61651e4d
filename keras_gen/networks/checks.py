"""Checks of networks that are given to models."""


def check_mirrored(encoder, decoder) -> None:
    """Raises a ValueError unless `decoder` maps outputs of `encoder` to its inputs."""
    images, latents = tuple(encoder.input_shape[1:]), tuple(encoder.output_shape[1:])
    if len(latents) != 1:
        raise ValueError(
            f"`encoder` must end in latents of shape (latent_dim,). Received: {latents}"
        )
    if tuple(decoder.input_shape[1:]) != latents:
        raise ValueError(
            f"`decoder` must take the latents of `encoder`, of shape {latents}. "
            f"Received input shape: {tuple(decoder.input_shape[1:])}"
        )
    if tuple(decoder.output_shape[1:]) != images:
        raise ValueError(
            f"`decoder` must end in the images of `encoder`, of shape {images}. "
            f"Received output shape: {tuple(decoder.output_shape[1:])}"
        )
