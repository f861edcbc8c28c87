# %% [markdown]
# # 5. Pretrained models and export: how does a network leave your notebook?
#
# So far every network lived where it was trained: in Python, beside our code. Now it has to
# work for others. They have another program, a phone, or a photograph ten times as large as
# your memory allows.
#
# The way in is the same as the way out. You load a network that others have shipped, and
# you ship your own.

# %%
# The build writes this cell: tools/address.py.

# %% tags=["nbval-ignore-output"]
from sr_utils import runtime

runtime.start(seed=0)

# %%
import math
import os
import statistics
import tempfile
import textwrap
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from keras import ops

from sr_utils import (
    architecture,
    datasets,
    export,
    metrics,
    models,
    pictures,
    plots,
    pretrained,
)
from sr_utils import tiling as package
from sr_utils.images import quantize, to_uint8
from sr_utils.patches import Patches
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard

# %% [markdown]
# This is the network you ship in this lesson, from its checkpoint.

# %%
NAME = "srgan_x4"
network = models.load_checkpoint(NAME)
photographs = datasets.held_out()
pairs = {name: datasets.pair(x, 4) for name, x in photographs.items()}

# %% [markdown]
# And here is where the lesson leads: a single file of half a megabyte that runs without
# Keras, without TensorFlow and without our code, and computes with whole numbers of 8 bits.
# Compare it with the same network in Keras, which computes with floats of 32 bits.

# %% tags=["nbval-ignore-output"]
temporary = tempfile.TemporaryDirectory()
home = Path(temporary.name)
patches = Patches(datasets.training().values(), 4, size=32, batch=32)
examples = patches.batch(0)[0]
export.save(network, home / "first")
first_file = export.to_litert(home / "first", "int8", examples)

# %% tags=["nbval-ignore-output"]
portrait, small = pairs["astronaut"]
results = {
    "bicubic": np.clip(resize(small, 4), 0, 1),
    "Keras, 32 bits": models.upscaler(network)(small),
    "LiteRT, 8 bits": export.litert_upscaler(first_file)(small),
}
captions = {
    name: f"{metrics.psnr(portrait, quantize(x), shave=4):.2f} dB"
    for name, x in results.items()
}
alt = "A face from a bicubic blur; two equal sharper ones, 32 and 8 bits; the original."
face = (72, 182, 72, 72)
pictures.compare(results | {"original": portrait}, face, captions=captions, alt=alt)

# %% [markdown]
# **What you will learn**
#
# - how to load what others have trained, and the habits it expects you to keep
# - what is in the folder of a SavedModel, and what a signature is
# - what 16 bits and 8 bits change: size, speed, quality
# - why tiles show seams, and how large an overlap must be so that none is left
#
# **What you need:** lessons 1 and 2; lesson 4 made the network. **Time:** about an hour to
# read and try; about a minute to run on two CPU cores, and some minutes more if ESRGAN is there.

# %% [markdown]
# ## What others have trained
#
# TensorFlow Hub, now part of Kaggle, is a library of trained networks. One is ESRGAN (Wang
# and others, 2018), the successor of SRGAN. It has forty times as many weights as ours and
# was trained on the 800 large photographs of DIV2K. `hub.load` fetches a network, keeps it,
# and returns something you can call.
#
# The next cell takes it from the folder in `SR_ESRGAN_DIR`, or else from the internet (40
# MB). Where neither works it says so, and the lesson goes on. (The outputs you see were
# made without it.)

# %% tags=["nbval-ignore-output"]
hub = pretrained.import_hub()  # as `import tensorflow_hub as hub`, without its warnings
esrgan = pretrained.load_esrgan()

# %% [markdown]
# You may find older code with `hub.KerasLayer`. Keras 3 refuses it: it is a layer of Keras
# 2. `hub.load` doesn't care, since what it returns isn't Keras at all.
#
# A foreign network comes with its own habits. Its page says: float32, RGB from **0 to 255**,
# sizes that 4 divides and of at least 64 pixels; the result may leave that range and isn't
# rounded. None of this is checked when you call it.
#
# **Predict:** for each of these habits, what would you see if you ignored it?

# %% [markdown]
# So write a wrapper that keeps them. Where 4 doesn't divide a size, the authors cut pixels
# off. We'd rather repeat the last ones and cut the result, so that nothing gets lost. A size
# below 64 is filled up in the same way.


# %%
def as_upscaler(model):
    def upscale(low):
        height, width, _ = low.shape
        edges = *((0, max(64 - x, -x % 4)) for x in (height, width)), (0, 0)
        batch = np.pad(255 * low, edges, mode="edge")[None].astype("float32")
        large = np.clip(np.asarray(model(batch))[0], 0, 255)
        return np.floor(large + 0.5)[: 4 * height, : 4 * width] / np.float32(255)

    return upscale


# %% [markdown]
# How do you test a wrapper without the network? With one whose answer you know. This one
# draws squares, and adds a bit too much, as networks do.


# %%
def squares(batch):
    assert batch.dtype == np.float32
    assert batch.shape[1] % 4 == batch.shape[2] % 4 == 0
    assert min(batch.shape[1:3]) >= 64
    return 0.3 + ops.repeat(ops.repeat(batch, 4, axis=1), 4, axis=2)


odd = small[:41, :30]
result = as_upscaler(squares)(odd)
print("shape", result.shape, "from", odd.shape)
print("equal to the squares:", np.allclose(result, resize(odd, 4, "nearest")))

# %% [markdown]
# The 0.3 is gone, because the result is *rounded*. Many people write `astype("uint8")`
# instead, and ESRGAN's own page casts like that, too. It cuts the decimals off.
# **Predict:** what does that do to a picture?

# %%
exact = 255 * np.clip(resize(small, 4), 0, 1)
for name, levels in (("rounded", np.floor(exact + 0.5)), ("cut", np.floor(exact))):
    print(f"{name}: {abs(np.mean(exact - levels)):.2f} levels darker on average")

# %% [markdown]
# Everything gets darker by nearly half a level. You won't see it, but a score does, a
# little.
#
# Now score ESRGAN, if you have it, beside ours, with the protocol of the series.

# %%
upscalers = {
    "bicubic": lambda low: resize(low, 4),
    "SRResNet": models.upscaler(models.load_checkpoint("srresnet_x4")),
    "ours": models.upscaler(network),
}
if esrgan is not None:
    upscalers["ESRGAN"] = as_upscaler(esrgan)

# %% tags=["nbval-ignore-output"]
board = Scoreboard({"held-out": photographs}, 4, ["block3_conv1", "block2_conv2"])
for name, upscale in upscalers.items():
    board.add(name, upscale)
board

# %% tags=["nbval-ignore-output"]
protocol = board.perception_protocol("block3_conv1")
print(textwrap.fill(f"Fréchet distance: {protocol}", 88))

# %% [markdown]
# If you have ESRGAN, here is what it makes of the portrait, beside ours. If not, the
# [paper](https://arxiv.org/abs/1809.00219) shows its results from page 1 on.

# %% tags=["nbval-ignore-output"]
if esrgan is not None:
    face = (72, 182, 72, 72)
    shown = {name: upscalers[name](small) for name in ("SRResNet", "ours", "ESRGAN")}
    captions = {
        name: f"{metrics.psnr(portrait, quantize(x), shave=4):.2f} dB"
        for name, x in shown.items()
    }
    alt = "A face, smooth by SRResNet, grainy by ours, sharp by ESRGAN; the original."
    shown |= {"original": portrait}
    pictures.compare(shown, face, captions=captions, alt=alt)

# %% [markdown]
# SRResNet wins in PSNR, and loses to ours where the question is how much the results look
# like photographs. If ESRGAN is in your table, see where it stands in both. With its
# size and its training set, the comparison says what you can get, not which idea is better.

# %%
scores = {name: board.mean(name, "held-out").psnr for name in upscalers}
assert scores["SRResNet"] > max(scores["ours"], scores["bicubic"])
frechet = {name: board.perception(name, "held-out").frechet for name in upscalers}
if board.imagenet:
    assert frechet["ours"] < frechet["SRResNet"] < frechet["bicubic"]

# %% [markdown]
# ## Your own network as a folder
#
# A `.keras` file holds weights and the *names* of layers. To read it you need Keras, and our
# package, which knows what `Bicubic` is. A **SavedModel** holds the computation itself, as a
# graph of TensorFlow operations. Any program with TensorFlow can run it.
#
# Its door is a **signature**: a named function with named inputs of a given type and shape.
# `None` leaves a size free.


# %%
def save(model, folder):
    def upscale(low):
        return {"high": ops.clip(model(low, training=False), 0, 1)}

    archive = keras.export.ExportArchive()
    archive.track(model)
    images = tf.TensorSpec((None, None, None, 3), "float32", name="low")
    archive.add_endpoint("upscale", upscale, [images])
    archive.write_out(str(folder), verbose=False)


# %% tags=["nbval-ignore-output"]
save(network, home / "ours")
for path in sorted((home / "ours").rglob("*.*")):
    print(f"{path.stat().st_size / 1000:8.0f} kB  {path.relative_to(home)}")

# %% [markdown]
# `saved_model.pb` is the graph with its signatures, `variables` holds the weights, and
# `fingerprint.pb` is a checksum. There is no Python in it. Clipping has moved inside, so
# nobody can forget it. (The weights are twice as large as you would expect from 429,027
# floats: Keras' archive stores each under two names.)
#
# Now be the stranger who gets this folder. The same `hub.load` opens it.

# %%
stranger = hub.load(str(home / "ours"))
signature = stranger.signatures["upscale"]
print(signature.structured_input_signature[1])
print(signature.structured_outputs)

# %% [markdown]
# **Predict:** how close will its result be to that of Keras? (A GPU of today rounds what it
# multiplies to 11 bits, unless you tell it not to, as here. A CPU doesn't care.)

# %%
tf.config.experimental.enable_tensor_float_32_execution(False)
expected = models.upscaler(network)(small)
high = signature(low=tf.constant(small[None]))["high"][0]
assert np.allclose(high, expected, atol=1e-5)
layer = keras.layers.TFSMLayer(str(home / "ours"), call_endpoint="upscale")
assert np.allclose(layer(small[None])["high"][0], expected, atol=1e-5)
print("hub.load and TFSMLayer: the same as Keras, to 1e-5")

# %% [markdown]
# It is the same computation, so the results agree to the last digits. `TFSMLayer` makes the
# folder a layer of a Keras model, with others before and after it. But don't expect to find
# your layers in it: they are gone, and only operations are left.

# %% [markdown]
# ## At the boundary: floats or bytes?
#
# A stranger doesn't know that we count from 0 to 1. ESRGAN counts to 255. **Predict:** what
# does our network return for a photograph from 0 to 255?

# %% tags=["nbval-ignore-output"]
white = signature(low=tf.constant(255 * small[None]))["high"].numpy()
print(f"{np.mean(white > 0.99):.0%} of all values are white")
assert np.mean(white > 0.99) > 0.8

# %% [markdown]
# Almost only white, and no error. A float has no range that a program could check. `uint8`
# has: 0 to 255, and everybody agrees what they mean. It is what files, cameras and screens
# hold, and takes a quarter of the memory. So a network that ends at a screen gets a second
# signature, bytes to bytes, which divides, clips and *rounds* inside.


# %%
def upscale_8_bits(low):
    high = signature(low=ops.cast(low, "float32") / 255)["high"]
    return {"high": ops.cast(ops.floor(high * 255 + 0.5), "uint8")}


export.save(network, home / "both")  # the package's, with both signatures
both = hub.load(str(home / "both"))
print(sorted(x for x in both.signatures if x != "serving_default"))

# %%
in_bytes = to_uint8(small)[None]
ours = upscale_8_bits(in_bytes)["high"].numpy().astype(int)
theirs = both.signatures["upscale_8_bits"](low=tf.constant(in_bytes))["high"].numpy()
assert theirs.dtype == np.uint8
assert np.abs(theirs - ours).max() <= 1
assert np.array_equal(theirs[0], to_uint8(expected)) or np.mean(theirs != ours) < 1e-3
print("bytes to bytes: as Keras, then rounded")

# %% [markdown]
# Floats stay the better door where the result goes on to other computations: a second
# network, a loss, a tile that is put together with others. Each rounding would cost a
# little. Offer both, and let the names say which is which.

# %% [markdown]
# ## For a phone: LiteRT
#
# TensorFlow takes more than a gigabyte on disk. On a phone, **LiteRT** (formerly TensorFlow
# Lite) runs the graph instead: a few megabytes, no Python, and the model is one file. The
# converter reads the SavedModel, freezes the weights into the graph, and merges operations.


# %%
def convert(folder, change=lambda converter: None):
    with runtime.silence():
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), ["upscale"])
        change(converter)
        return converter.convert()


# %% tags=["nbval-ignore-output"]
files = {"float32": convert(home / "ours")}
print(f"{len(files['float32']) / 1000:.0f} kB")

# %% [markdown]
# Four bytes for each weight, stored once, and little else.
#
# LiteRT plans its memory before it runs, for one size of image. So with a free size you say
# the size first, and each new size costs a new plan.


# %%
def run(file, batch):
    with runtime.silence():  # LiteRT logs a line about its kernels
        interpreter = Interpreter(model_content=file, num_threads=os.cpu_count())
    (low,), (high,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(low["index"], batch.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(low["index"], batch)
    interpreter.invoke()
    return interpreter.get_tensor(high["index"])


# %%
assert np.abs(run(files["float32"], small[None])[0] - expected).max() < 1e-4
assert run(files["float32"], odd[None]).shape == (1, 164, 120, 3)
print("LiteRT in float32: the same as Keras, to 1e-4")

# %% [markdown]
# Why not fix the size? For chips that compile the graph, such as a phone's GPU or neural
# processor, you must; then you ship one file per size, or tiles of one size. For the CPU
# you needn't, and a free size is kinder to whoever uses it.

# %% [markdown]
# ## 16 bits, 8 bits
#
# Weights in **float16** take half the space. LiteRT unpacks them and computes in float32 as
# before, on a CPU. So: half the file, same speed. (A GPU computes in float16 itself if you
# let it, and gains time, too.)
#
# **int8** goes further. A weight becomes a whole number from -127 to 127, times a step that
# all weights of one filter share. Try it on the first convolution.

# %%
kernel = next(x for x in network.layers if isinstance(x, keras.layers.Conv2D)).kernel
kernel = ops.convert_to_numpy(kernel)  # (3, 3, 3, 48)
step = np.abs(kernel).max(axis=(0, 1, 2)) / 127  # one for each filter
whole_numbers = np.round(kernel / step).astype("int8")
error = np.abs(whole_numbers * step - kernel).max(axis=(0, 1, 2)) / step
print(f"largest error: {error.max():.2f} steps of 127")

# %% [markdown]
# At most half a step: the weights are the easy part. The chip saves time only if *what flows
# between the layers* is in whole numbers too. For that the converter must know how large
# those values get. It can't read this from the graph. It watches them, while the network
# enlarges a few **representative** photographs.
#
# It gets 32 patches of the training photographs. Of course nothing that we score on.


# %%
def half(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def whole(converter, examples=examples):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None]] for x in examples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.uint8


# %% tags=["nbval-ignore-output"]
files["float16"] = convert(home / "ours", half)
files["int8"] = convert(home / "ours", whole)
for name, file in files.items():
    print(f"{name}: {len(file) / 1000:.0f} kB")

# %% [markdown]
# The last line of `whole` makes the doors uint8. LiteRT stores a step and a zero with each
# value: number = step × (level - zero). Look at those of the doors. (The package's
# `export.to_litert` is your `convert` with these settings.)

# %% tags=["nbval-ignore-output"]
interpreter = Interpreter(model_content=files["int8"])
for details in (interpreter.get_input_details(), interpreter.get_output_details()):
    step, zero = details[0]["quantization"]
    print(f"{details[0]['dtype'].__name__}, step 1/{1 / step:.0f}, zero {zero}")
    assert abs(1 / step - 255) < 2

# %% [markdown]
# Step 1/255 and zero 0: the levels of the network *are* the levels of the picture, so bytes
# go in and out as they are. That is no luck. Clipping is part of the graph, so the range of
# the result is exactly 0 to 1. Without it, overshoot would stretch the 256 levels over a
# wider range, and no step would fit.

# %% [markdown]
# ## Size, speed, quality
#
# **Predict:** how much PSNR does each format cost? And which one is fastest? The package's
# `litert_upscaler` is your `run`, with the plan kept and doors of both kinds.

# %% tags=["nbval-ignore-output"]
shipped = {"Keras": models.upscaler(network)}
shipped |= {name: export.litert_upscaler(file) for name, file in files.items()}
sizes = {"Keras": (models.CHECKPOINTS / f"{NAME}.keras").stat().st_size}
sizes |= {name: len(file) for name, file in files.items()}
for name, upscale in shipped.items():
    board.add(name, upscale)
    scores[name] = board.mean(name, "held-out").psnr


# %%
def milliseconds(upscale, low, rounds=5):
    upscale(low)  # the first call plans
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        upscale(low)
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent)


# %% tags=["nbval-ignore-output"]
cup = pairs["coffee"][1]
speed = {name: milliseconds(upscale, cup) for name, upscale in shipped.items()}
print("100 × 150 pixels to 400 × 600; PSNR on the held-out photographs")
for name, time_needed in speed.items():
    quality = f"{scores[name]:.2f} dB ({scores[name] - scores['Keras']:+.2f})"
    print(f"{name:8} {sizes[name] / 1000:5.0f} kB {time_needed:5.0f} ms  {quality}")

# %%
assert abs(scores["float32"] - scores["Keras"]) < 0.001
assert abs(scores["float16"] - scores["Keras"]) < 0.01
assert 0 < scores["Keras"] - scores["int8"] < 0.5
assert sizes["int8"] < 0.3 * sizes["float32"]

# %% [markdown]
# float32 and float16 cost nothing that you could measure. int8 takes a quarter of the space
# and loses less than a tenth of a decibel. On the machine that made these outputs it was
# several times faster, because its processor multiplies many bytes at once. Other
# processors gain less; some none.
#
# Where does int8 differ? Below, gray means "equal to Keras"; differences are 20 times as
# large as they are.

# %% tags=["nbval-ignore-output"]
large = {name: upscale(small) for name, upscale in shipped.items()}
panels = {
    f"{name} - Keras": np.clip(0.5 + 20 * (large[name] - large["Keras"]), 0, 1)
    for name in files
}
apart = {name: 255 * np.abs(large[name] - large["Keras"]) for name in files}
captions = {
    f"{name} - Keras": f"{x.mean():.2g} levels on average, at most {x.max():.2g}"
    for name, x in apart.items()
}
panels = {name: pictures.crop(x, (40, 140, 160, 160)) for name, x in panels.items()}
alt = "Differences from Keras: plain gray, plain gray, and a grainy outline of a face."
pictures.gallery(panels, zoom=2, captions=captions, alt=alt)

# %% [markdown]
# The first two are gray all over. int8 adds a fine grain everywhere, about a level, and errs
# more where there is more to do: along edges, sometimes by twenty levels or more. The network has
# invented stronger things than that, so you don't notice it in the first picture.

# %% [markdown]
# ## What the examples are for
#
# **Predict:** what if the representative photographs were all plain gray?

# %% tags=["nbval-ignore-output"]
gray = np.full_like(examples[:2], 0.5)
unprepared = convert(home / "ours", lambda converter: whole(converter, gray))
broken = export.litert_upscaler(unprepared)(small)
lost = scores["Keras"] - metrics.psnr(portrait, broken, shave=4)
alt = "The portrait through the network that saw gray only: flat, colors cut off."
panels = {"examples: photographs": large["int8"], "examples: gray": broken}
panels = {name: pictures.crop(x, (40, 140, 160, 160)) for name, x in panels.items()}
pictures.gallery(panels, zoom=2, alt=alt)

# %%
print("gray examples cost more than 3 dB:", bool(lost > 3))
assert lost > 3

# %% [markdown]
# On gray the values between the layers are all small, so the converter chose small steps.
# A real photograph is far beyond the last level, and gets cut off there. Examples must look
# like what will come: dark and bright, smooth and busy.
#
# If int8 had lost too much, what could we do? Whole numbers of 16 bits between the layers
# (the converter has them, but not for the rearrangement of pixels that our network needs),
# or keep the bicubic path in floats, or train with rounding inside. Here none is needed.

# %% [markdown]
# ## What a phone would need
#
# Begin with one number: multiplications, or MACs. Take a video of 480 × 270 that is to fill
# a screen of 1920 × 1080, and a photograph of 12 million pixels, enlarged four times.

# %%
cost = architecture.cost(network).multiplications
frame = cost * 1920 * 1080
print(f"{cost:,} multiplications per pixel, {frame / 1e9:.0f} billion per frame")
print(f"60 frames a second: {60 * frame / 1e12:.1f} trillion a second")
print(f"the photograph: {cost * 16 * 12e6 / 1e12:.1f} trillion")

# %% [markdown]
# The neural processor of a current phone promises ten trillion or more of such steps a
# second, in int8, and reaches a part of that. A core of its CPU is about a hundred times
# slower. So the photograph takes seconds on one and minutes on the other. Video needs the
# neural processor, a fixed size, and every operation supported by it, or else a smaller
# network. Lesson 6 comes back to this.
#
# But does that number decide? Cut our network before the layers that enlarge: the package
# does it, to save memory. **Predict:** the first half has nearly three quarters of the
# multiplications. Does it take three quarters of the time?

# %% tags=["nbval-ignore-output"]
before, after = architecture.halves(network)
halves = {"first half": runtime.graph(before), "second half": runtime.graph(after)}
batch = small[None]
maps = halves["first half"](batch)
spent = {
    "first half": milliseconds(halves["first half"], batch, rounds=15),
    "second half": milliseconds(lambda x: halves["second half"](x, maps), batch, 15),
}
macs = architecture.cost(before).multiplications / (16 * cost)
for name, part in (("first half", macs), ("second half", 1 - macs)):
    seconds_part = spent[name] / sum(spent.values())
    print(
        f"{name:11}: {part:.0%} of the multiplications, {seconds_part:.0%} of the time"
    )

# %%
values = [architecture.memory(architecture.in_float32(x)) for x in (before, network)]
print("kB for each pixel of the small image, about:")
print(f"first half {values[0] / 1e3:.1f}, the whole network {values[1] / 1e3:.1f}")
assert 0.7 < macs < 0.75
assert values[1] > 3 * values[0]

# %% [markdown]
# It takes less. The second half works at two and four times the width and height, so it
# writes and reads several times as many values for each of its multiplications, and
# memory, not arithmetic, sets its pace. That holds for phones, too, and more so: often
# bandwidth decides, or a single operation that the fast chip doesn't know and hands to the
# slow one. Multiplications say what is impossible. What is fast, only a measurement says,
# on the device that you mean.

# %% [markdown]
# ## A photograph of any size
#
# A phone's photograph has 12 million pixels. **Predict:** how much memory does one layer
# need that computes 16 channels at four times the width and height?

# %%
layer_bytes = 12e6 * 16 * 16 * 4
print(f"{layer_bytes / 1e9:.1f} GB, and its input is as large")

# %% [markdown]
# So cut the photograph into tiles, enlarge one at a time, and put the results together. This
# does it along one axis: where each tile starts and ends, and with how much around it.


# %%
def spans(size, tile, overlap):
    for start in range(0, size, tile):
        stop = min(start + tile, size)
        first, last = max(start - overlap, 0), min(stop + overlap, size)
        yield slice(first, last), slice(start - first, stop - first), slice(start, stop)


print([(x.start, x.stop) for x, *_ in spans(10, 4, 0)])
print([(x.start, x.stop) for x, *_ in spans(10, 4, 1)])


# %%
def times4(part):
    return slice(4 * part.start, 4 * part.stop)


def tiled(upscale, image, tile, overlap):
    height, width, _ = image.shape
    large = np.empty((4 * height, 4 * width, 3), "float32")
    for rows, inner_rows, out_rows in spans(height, tile, overlap):
        for columns, inner_columns, out_columns in spans(width, tile, overlap):
            piece = upscale(image[rows, columns])
            inner = piece[times4(inner_rows), times4(inner_columns)]
            large[times4(out_rows), times4(out_columns)] = inner
    return large


# %% [markdown]
# First without overlap. Below is a corner where four tiles meet. In the middle picture, look
# at the outer corner of the eye and at the hair above the ear.

# %% tags=["nbval-ignore-output"]
upscale = models.upscaler(network)
naive = tiled(upscale, small, tile=32, overlap=0)
difference = np.clip(0.5 + 10 * (naive - expected), 0, 1)
panels = {"whole": expected, "tiles": naive, "difference × 10": difference}
panels = {name: pictures.crop(x, (84, 206, 88, 100)) for name, x in panels.items()}
alt = "An eye: unharmed; cut by a vertical and a horizontal seam; the seams alone."
pictures.gallery(panels, zoom=4, alt=alt)

# %%
print("off by more than 20 levels:", bool(np.abs(naive - expected).max() > 20 / 255))
assert np.abs(naive - expected).max() > 20 / 255

# %% [markdown]
# At the border of a tile each convolution needs neighbors that aren't there, and takes zeros
# instead. What it makes of them spoils the next layer one pixel further in. After twenty
# layers the damage reaches twenty pixels deep, and it differs on the two sides of the
# border. That is a seam.

# %% [markdown]
# ## How far does a network look?
#
# You could count layers. Or ask: change one pixel, and see how far the result changes. Noise
# is a good test picture, since nothing is flat there.


# %%
def receptive_radius(model, size=80):
    image = np.random.default_rng(0).random((1, size, size, 3), dtype="float32")
    changed = image.copy()
    changed[0, size // 2, size // 2] = 1 - image[0, size // 2, size // 2]
    apart = np.abs(model(image) - model(changed))[0].max(axis=-1)
    rows = np.flatnonzero(apart.max(axis=1))
    before, after = 4 * (size // 2) - rows[0], rows[-1] + 1 - 4 * (size // 2 + 1)
    return max(before, after) / 4, apart


# %% tags=["nbval-ignore-output"]
reach, apart = receptive_radius(network)
print(f"the change reaches {reach} pixels of the small image")
shown = np.log10(np.maximum(apart, 1e-9)) / 9 + 1
alt = "A square of change: brightest in the center, fading outward, with a sharp end."
pictures.gallery({"how much changes": shown[..., None]}, zoom=1, alt=alt)

# %% [markdown]
# White is a change of 1; each tenth of brightness less is about an eighth of the change.
# The influence falls quickly, and then there is a sharp edge, beyond which *nothing*
# changes.
#
# Now count. Of our 21 convolutions of 3 × 3, 19 run at low resolution, one at twice and one
# at four times the size. Each looks one of its own pixels further.

# %% tags=["nbval-ignore-output"]
counted = 19 + 1 / 2 + 1 / 4
overlap = math.ceil(counted)
print(f"counted {counted}, measured {reach}, overlap {overlap}")
assert abs(reach - counted) < 3  # some GPUs round beyond the edge, and some before it

# %% [markdown]
# That is the **receptive radius**. A tile needs as many more pixels on each side, to be cut
# off again. At the border of the photograph it gets none, because there the whole image has
# none either.
#
# **Predict:** how much of the seam is left with an overlap of 5? Of 10? Of 20?

# %% tags=["nbval-ignore-output"]
cutout = small[16:80, 32:96]
whole_cutout = upscale(cutout)
widths = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
seams = [np.abs(tiled(upscale, cutout, 32, x) - whole_cutout).max() for x in widths]
alt = "A curve from over 50 levels at overlap 0 down to less than a thousandth at 18."
plots.curves(
    {"largest difference": (widths, 255 * np.array(seams))},
    x_label="overlap in pixels of the small image",
    y_label="levels of 0 to 255",
    log=True,
    alt=alt,
)

# %%
seamless = tiled(upscale, small, tile=32, overlap=overlap)
assert np.abs(seamless - expected).max() < 1e-5
print("no seam: equal to the whole, to 1e-5")
assert seams[0] > 10 * seams[4] > 100 * seams[8]

# %% [markdown]
# With 10 pixels the difference is below what you can see, and with 20 there is none. If you
# guess an overlap, you won't know which of your photographs will show its seams. If you
# derive it, there is nothing to know.
#
# The package's `tiled` reads the radius from the layers instead of measuring it. It must
# agree with yours.

# %%
assert architecture.receptive_radius(network) == overlap
theirs = package.tiled(network, small, tile=32)
assert np.allclose(theirs, seamless, atol=1e-5)
print("equal to sr_utils.tiling.tiled")

# %% [markdown]
# `python -m sr_utils photo.jpg -o large.png` runs it on your own photographs.
#
# And in whole numbers, where even rounding can't differ? **Predict:** by how much do tiles
# and whole differ with the int8 file?

# %% tags=["nbval-ignore-output"]
litert = export.litert_upscaler(files["int8"])
apart = 255 * np.abs(tiled(litert, small, 32, overlap) - litert(small))
print(f"largest difference {apart.max():.0f} levels")
assert apart.max() < 1.5

# %% [markdown]
# ## The price, and the memory
#
# Tiles of T pixels with an overlap of r compute (T + 2r)² pixels to keep T². Small tiles
# waste work, large ones need memory. The table counts 64 channels at twice the size, the
# widest layer of ours (which is as large as 16 channels at four times the size), once.

# %%
for tile in (32, 64, 128, 256, 512):
    wide = tile + 2 * 20
    megabytes = wide**2 * 4 * 64 * 4 / 1e6
    print(
        f"tile {tile:3}: {(tile / wide) ** 2:.0%} useful, {megabytes:4.0f} MB a layer"
    )

# %% [markdown]
# With 128 or 256, half to three quarters of the work is useful, and a layer fits in memory
# many times over. It doesn't matter how large the photograph is. Only the result grows: so
# keep it in bytes, or write it to the file row by row.
#
# Now the whole astronaut, 512 × 512, becomes 2048 × 2048, with the file of half a megabyte.

# %% tags=["nbval-ignore-output"]
start = time.perf_counter()
poster = tiled(litert, photographs["astronaut"], tile=128, overlap=overlap)
spent = time.perf_counter() - start
print(
    f"{poster.shape}: {poster.shape[0] * poster.shape[1] / spent / 1e6:.1f} MP a second"
)
panels = {
    "enlarged": pictures.crop(poster, (330, 840, 240, 360)),
    "the photograph": pictures.crop(photographs["astronaut"], (82, 210, 60, 90)),
}
alt = "Eyes and nose, enlarged four times with clean edges; the same as squares."
pictures.gallery(panels, zoom={"enlarged": 1, "the photograph": 4}, alt=alt)

# %% [markdown]
# The network enlarges a photograph that hasn't been reduced before. There is no original to
# compare it with, and no score. It was trained on sharp, reduced photographs, so it takes a
# camera's blur and noise for content, and keeps them. It also adds its own: the skin has
# turned to leather, and the plain wall has grain.

# %% [markdown]
# ## What you have measured
#
# - A network that others have shipped is a function with habits. Range, sizes, clipping and
#   rounding are yours to keep, and no error tells you.
# - A SavedModel returns what Keras returns, without Keras. Its signature is the contract.
# - float16 halves the file for free. int8 takes a quarter, loses less than a tenth of a
#   decibel, and is several times faster on a processor that is made for it.
# - int8 is as good as its examples: with gray ones it loses more than 3 dB.
# - Tiles without overlap differ by more than 20 levels at their seams. With the receptive
#   radius, 20 pixels, they are equal to the whole, and memory has a bound.
#
# Does it pay to store small images and enlarge them with such a file? Lesson 6 counts bytes.

# %% [markdown]
# ## Exercises
#
# Try each in the empty cell before you unfold the solution. Every solution ends with a
# check you can run on your answer.
#
# **1. Another radius.** What is the receptive radius of SRCNN 9-1-5 at scale 3, in pixels of
# its bicubic enlargement, and of the small image, if bicubic looks 2 pixels further?

# %%
# Your answer:

# %% tags=["solution"]
large_radius = (9 - 1) // 2 + (1 - 1) // 2 + (5 - 1) // 2
small_radius = math.ceil(large_radius / 3 + 2)
print(large_radius, small_radius)
srcnn = models.upscaler(models.load_checkpoint("srcnn_x3"))
image = np.random.default_rng(0).random((40, 40, 3), dtype="float32")
window = srcnn(image[10 - small_radius : 20 + small_radius, :])
kept = window[3 * small_radius : -3 * small_radius]
assert (large_radius, small_radius) == (6, 4)
assert np.allclose(kept, srcnn(image)[30:60], atol=1e-5)

# %% [markdown]
# **2. Tiles of one size.** A neural processor wants every input to have the same size. Write
# the windows along an axis of `size` pixels so that all are `window` long: the last one is
# moved back inside. Check that each pixel is kept once.

# %%
# Your answer:


# %% tags=["solution"]
def equal_windows(size, window, overlap):
    stop = 0
    while stop < size:
        first = max(0, min(stop - overlap, size - window))
        last = first + window
        start, stop = stop, size if last == size else last - overlap
        yield slice(first, last), slice(start, stop)


found = list(equal_windows(size=500, window=168, overlap=20))
kept = [x for _, core in found for x in range(core.start, core.stop)]
assert kept == list(range(500))
assert {window.stop - window.start for window, _ in found} == {168}
assert all(w.start == 0 or c.start - w.start >= 20 for w, c in found)
assert all(w.stop == 500 or w.stop - c.stop >= 20 for w, c in found)

# %% [markdown]
# **3. Half a step.** Weights in int8 share one step per filter. What if all filters of the
# first convolution shared one? By what factor does the largest error of a filter with small
# weights grow?

# %%
# Your answer:

# %% tags=["solution"]
largest = np.abs(kernel).max(axis=(0, 1, 2))  # of each filter
factor = largest.max() / largest.min()  # the step is the largest weight / 127
one_step = largest.max() / 127
shared = np.abs(np.round(kernel / one_step) * one_step - kernel)
print(f"the step of the smallest filter grows {factor:.1f} times")
assert factor > 1.5
assert shared.max() <= one_step / 2 + 1e-7

# %% [markdown]
# **4. How many examples?** `whole` got 32. How few are enough? Convert with the first 1 and
# the first 8 of them, and score the astronaut.

# %%
# Your answer:

# %% tags=["solution"]
for count in (1, 8):
    few = convert(home / "ours", lambda c, n=count: whole(c, examples[:n]))
    found = quantize(export.litert_upscaler(few)(small))
    print(f"{count}: {metrics.psnr(portrait, found, shave=4):.2f} dB")
reference = metrics.psnr(portrait, quantize(large["int8"]), shave=4)
print(f"32: {reference:.2f} dB")
assert metrics.psnr(portrait, found, shave=4) > reference - 1
# A few varied ones do: only the extremes count. One patch may lack them.

# %% [markdown]
# ## Papers
#
# - X. Wang and others, *ESRGAN: enhanced super-resolution generative adversarial networks*,
#   2018.
# - B. Jacob and others, *Quantization and training of neural networks for efficient
#   integer-arithmetic-only inference*, 2018: step, zero, and whole numbers all the way.
# - W. Shi and others, *Real-time single image and video super-resolution using an efficient
#   sub-pixel convolutional neural network*, 2016: video, by computing at low resolution.
# - W. Luo and others, *Understanding the effective receptive field in deep convolutional
#   neural networks*, 2016: why the influence fades long before the radius ends.
