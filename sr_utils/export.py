"""A network as files that need none of our code: SavedModel and LiteRT (lesson 5)."""

import os
import warnings

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from . import runtime
from .images import check_image, check_values

PRECISIONS = ("float32", "float16", "int8")
SIGNATURE = "upscale"
SIGNATURE_8_BITS = "upscale_8_bits"


def save(model, folder):
    """Write a network as a SavedModel, with one signature for floats, one for bytes.

    Both take a batch of any size, `(batch, height, width, 3)`, as `low`, and return
    `{"high": ...}`, four times as high and wide for a network of scale 4.

    - "upscale": float32 in [0, 1], clipped to [0, 1].
    - "upscale_8_bits": uint8, as files and screens hold it, clipped and rounded.

    Args:
        model: A network of `models`, in float32.
        folder: Where to write; made if missing, and overwritten.

    Source: lesson 5.
    """

    def upscale(low):
        return {"high": ops.clip(model(low, training=False), 0, 1)}

    def upscale_8_bits(low):
        high = upscale(ops.cast(low, "float32") / 255)["high"]
        return {"high": ops.cast(ops.floor(high * 255 + 0.5), "uint8")}

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(SIGNATURE, upscale, [_images("float32")])
    archive.add_endpoint(SIGNATURE_8_BITS, upscale_8_bits, [_images("uint8")])
    with runtime.silence():
        archive.write_out(str(folder), verbose=False)


def to_litert(folder, precision, examples=None):
    """Convert a SavedModel of `save` to LiteRT, the format for phones.

    Args:
        folder: Of the SavedModel.
        precision: "float32"; "float16", which stores weights as halves and still
            computes in float32; or "int8", which stores weights and computes with 8-bit
            whole numbers, and takes and returns uint8.
        examples: For "int8": typical inputs, float in [0, 1] of shape
            `(number, height, width, 3)`. The range of every intermediate result is
            measured on them.

    Returns:
        bytes, the content of a `.tflite` file for images of any size.

    Raises:
        ValueError: If `folder` is no SavedModel of `save`, the precision is another
            one, or it is "int8" without examples.

    Source: lesson 5; whole numbers instead of floats: Jacob et al. 2018, section 2.
    """
    if precision not in PRECISIONS:
        raise ValueError(
            f"Expected `precision` in {PRECISIONS}. Received: {precision!r}"
        )
    with runtime.silence(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converter = _converter(folder)
        if precision == "float16":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        if precision == "int8":
            _quantize(converter, _check_examples(examples))
        return converter.convert()


def litert_upscaler(data):
    """A function that enlarges one image with a LiteRT file.

    Images of the same size as the one before are fastest: for a new size LiteRT plans
    its memory again.

    Args:
        data: bytes of a `.tflite` file of `to_litert`.

    Returns:
        Function from float RGB in [0, 1], `(height, width, 3)`, to a float32 array of
        shape `(height * scale, width * scale, 3)` in [0, 1].
    """
    interpreter = _interpreter(data)
    (source,), (target,) = (
        interpreter.get_input_details(),
        interpreter.get_output_details(),
    )

    def upscale(low):
        batch = _encoded(check_image(low)[None], source)
        if tuple(interpreter.get_input_details()[0]["shape"]) != batch.shape:
            interpreter.resize_tensor_input(source["index"], batch.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(source["index"], batch)
        interpreter.invoke()
        return _decoded(interpreter.get_tensor(target["index"])[0], target)

    return upscale


def _images(dtype):
    """What a signature takes: a batch of images of any size."""
    return tf.TensorSpec((None, None, None, 3), dtype, name="low")


def _converter(folder):
    try:
        return tf.lite.TFLiteConverter.from_saved_model(str(folder), [SIGNATURE])
    except (OSError, ValueError) as error:
        raise ValueError(
            f"Expected the folder of a SavedModel with the signature {SIGNATURE!r}. "
            f"Received: {folder}"
        ) from error


def _check_examples(examples):
    if examples is None or np.ndim(examples) != 4 or not len(examples):
        raise ValueError(
            "Expected `examples`, for int8, of shape (number, height, width, 3). "
            f"Received: {None if examples is None else np.shape(examples)}"
        )
    return check_values(examples, "examples").astype("float32")


def _quantize(converter, examples):
    """Ask for 8-bit whole numbers everywhere, from the first to the last."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None]] for x in examples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.uint8


def _interpreter(data):
    from ai_edge_litert.interpreter import Interpreter

    try:
        with runtime.silence():  # the first one logs a line
            interpreter = Interpreter(model_content=data, num_threads=os.cpu_count())
            interpreter.allocate_tensors()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"Expected the bytes of a .tflite file. Received: {len(data)} bytes"
        ) from error
    return interpreter


def _encoded(batch, details):
    """Numbers in [0, 1] as the file takes them: floats, or steps of its own size."""
    if details["dtype"] == np.float32:
        return batch.astype("float32")
    step, zero = details["quantization"]
    return np.clip(np.round(batch / step + zero), 0, 255).astype("uint8")


def _decoded(image, details):
    """The inverse of `_encoded`."""
    if details["dtype"] == np.float32:
        return image
    step, zero = details["quantization"]
    return np.clip((image.astype("float32") - zero) * np.float32(step), 0, 1)
