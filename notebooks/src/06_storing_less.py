# %% [markdown]
# # 6. Storing less: does it pay to store small images?
#
# A game, a map and a headset have one problem in common: thousands of images that have to
# be stored, sent and kept in memory. You can turn 64 × 64 pixels into 256 × 256. So why
# keep the large ones? Store a sixteenth of the pixels, and let a network make the rest.
#
# There are rivals. JPEG (1992) and WebP (2010) have been leaving out what nobody sees for
# decades. In this lesson both sides compete at equal bytes, on photographs and on textures,
# and everything counts: the network's own bytes, memory and time.

# %%
# The build writes this cell: tools/address.py.

# %% tags=["nbval-ignore-output"]
from sr_utils import runtime

runtime.start(seed=0)

# %%
import bisect
import io
import time
from typing import NamedTuple

import keras
import numpy as np
from PIL import Image

from sr_utils import architecture, datasets, images, metrics, models, pictures, plots
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard

# %% [markdown]
# Here is a file that holds a cat at a quarter of its size, 75 × 112 pixels, enlarged by the
# networks of the series, and beside it what JPEG and WebP make of *as many bytes*.
#
# You need two functions: from an image to the bytes of a file, and back. Pillow does the
# work. `EFFORT` asks each format to spend time on fewer bytes.

# %%
EFFORT = {"PNG": {"optimize": True}, "JPEG": {"optimize": True}, "WebP": {"method": 6}}


def encoded(image, kind, **options):
    file = io.BytesIO()
    pixels = Image.fromarray(images.to_uint8(image))
    pixels.save(file, kind, **EFFORT.get(kind, {}) | options)
    return file.getvalue()


def decoded(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB")) / np.float32(255)


# %%
CHECKPOINTS = {
    "SRResNet": "srresnet_x4",
    "SRResNet, feature loss": "srresnet_x4_vgg",
    "SRGAN": "srgan_x4",
}
networks = {
    name: models.upscaler(models.load_checkpoint(x)) for name, x in CHECKPOINTS.items()
}
cat, small_cat = datasets.pair(datasets.held_out()["chelsea"], 4)

# %% [markdown]
# JPEG and WebP have a knob, the quality, from 0 to 100. `fitted` looks for the best one
# whose file isn't larger than a budget, by bisection: 7 attempts instead of 101.


# %%
def fitted(image, kind, budget):
    def size(quality):
        return len(encoded(image, kind, quality=quality))

    best = bisect.bisect_right(range(101), budget, key=size) - 1
    return encoded(image, kind, quality=max(0, best))


def at_equal_bytes(large, file):
    files = {kind: fitted(large, kind, len(file)) for kind in ("JPEG", "WebP")}
    results = {kind: decoded(data) for kind, data in files.items()}
    for name, upscale in networks.items():
        files[f"small, {name}"] = file
        results[f"small, {name}"] = images.quantize(upscale(decoded(file)))
    return {name: len(data) for name, data in files.items()}, results


# %% tags=["nbval-ignore-output"]
def show(large, file, region, alt):
    sizes, results = at_equal_bytes(large, file)
    captions = {
        name: f"{sizes[name]:,} bytes, {metrics.psnr(large, image, shave=4):.2f} dB"
        for name, image in results.items()
    }
    panels = results | {"original": large}
    options = {"zoom": 2, "captions": captions, "columns": 3, "alt": alt}
    return sizes, pictures.compare(panels, region, **options)


eye = (70, 120, 128, 128)
alt = "A cat's eye: squares from JPEG, smears from WebP, clear outlines from networks."
sizes, picture = show(cat, encoded(small_cat, "WebP", quality=90), eye, alt)
picture

# %% [markdown]
# Look at the outline of the eye and the light in it. JPEG has squares, WebP smears. The
# networks' outline is clear, though the fur is invented, and the feature loss has woven a
# little of its grid. So it pays? Before you decide, look at the same cat with four times as
# many bytes. The small file is now stored without any loss.

# %% tags=["nbval-ignore-output"]
exact = {"lossless": True}
alt = "The eye again: JPEG and WebP show every hair, the networks a smooth coat."
exact_sizes, picture = show(cat, encoded(small_cat, "WebP", **exact), eye, alt)
picture

# %% tags=["nbval-ignore-output"]
print(sizes, exact_sizes, sep="\n")
for found in (sizes, exact_sizes):
    assert max(found["JPEG"], found["WebP"]) <= found["small, SRResNet"]
    assert min(found["JPEG"], found["WebP"]) > 0.75 * found["small, SRResNet"]

# %% [markdown]
# The judgment is turned around. JPEG and WebP show the hairs of *this* cat. The networks
# still have to guess them, because a small file, however exact, doesn't hold them. The
# question isn't *whether* it pays, but *where*.
#
# **What you will learn**
#
# - what a codec throws away, and what a smaller image throws away
# - rate and distortion: how to compare methods that differ in both bytes and quality
# - how many images a network has to serve before its own bytes are paid for
# - what counts on a device: memory of textures, time for a frame
#
# **What you need:** lessons 2 and 3; the SRGAN is lesson 4's. **Time:** about an hour to read
# and try; about two minutes to run on two CPU cores.

# %% [markdown]
# ## What a byte buys
#
# Photographs are the three held-out ones. The textures are brick, grass and gravel, the
# halves that no network was trained on. Files differ with the size of the image, so from
# now on count **bits per pixel** of the *large* image: all bits of a set divided by all its
# pixels. Uncompressed, that is 24.

# %%
sets = {"photographs": datasets.held_out(), "textures": datasets.textures()}
pairs = {
    name: {key: datasets.pair(image, 4) for key, image in found.items()}
    for name, found in sets.items()
}


def bits_per_pixel(name, files):
    area = sum(large[..., 0].size for large, _ in pairs[name].values())
    return 8 * sum(map(len, files)) / area


# %% [markdown]
# PNG and lossless WebP keep every pixel. **Predict:** a quarter of the width and the height
# is a sixteenth of the pixels. Is it a sixteenth of the bytes?

# %% tags=["nbval-ignore-output"]
lossless = {"PNG": {}, "WebP": exact}
for name, found in pairs.items():
    for kind, options in lossless.items():
        large, small = (
            bits_per_pixel(name, [encoded(x, kind, **options) for x in versions])
            for versions in zip(*found.values(), strict=True)
        )
        print(f"{name}, {kind}: {large:.2f} and {small:.2f}, ratio {large / small:.1f}")
        assert 9 < large / small < 15.9

# %% [markdown]
# Less than sixteen. These formats predict a pixel from its neighbors and store the
# surprise. In a small image neighbors are farther apart in the scene, so there is more
# surprise in each pixel. Lossless WebP beats PNG in both sizes. (The textures are gray;
# they are stored in three equal channels, as a color texture would be.)

# %% [markdown]
# ## What a codec throws away
#
# JPEG cuts the image into squares of 8 × 8 pixels and writes each as a sum of 64 waves. It
# rounds the strengths of the waves, fine ones more coarsely; most become 0. WebP first
# predicts a square from its neighbors and treats the rest in the same way.
#
# A small image throws away fine waves too: *all* of those above a quarter of the
# frequencies, *everywhere*. The codec decides for each square. Where are the bytes of a
# JPEG spent? Code each square of 32 × 32 pixels alone and look.

# %% tags=["nbval-ignore-output"]
woman = sets["photographs"]["astronaut"][:320]
squares = woman.reshape(10, 32, 16, 32, 3).swapaxes(1, 2)
plain = {"quality": 30, "optimize": False}
header = len(encoded(np.zeros((32, 32, 3)), "JPEG", **plain))
spent = np.array([[len(encoded(x, "JPEG", **plain)) for x in row] for row in squares])
spent -= header
heat = (spent / spent.max())[..., None].repeat(32, axis=0).repeat(32, axis=1)
alt = "An astronaut, and a map: bright on collar and hair, black on the plain backdrop."
pictures.gallery({"astronaut": woman, "bytes of each square": heat}, alt=alt)

# %% tags=["nbval-ignore-output"]
print(f"{spent.min()} to {spent.max()} bytes, the median {np.median(spent):.0f}")
assert spent.max() > 2 * np.median(spent) > 5 * spent.min()

# %% [markdown]
# Bright are the collar, the hair and the edge of the suit. The backdrop and the black neck
# cost next to nothing. A small image has no such choice: it keeps as many pixels of the
# backdrop as of the face. That is the codec's advantage. The network's is that it has seen
# other faces.

# %% [markdown]
# ## Rate and distortion
#
# Each method makes bytes, and from them an image. Score the images by the series' protocol:
# luma PSNR and SSIM, mean over the set, 4 pixels of border removed; and by VGG19, the
# feature distance and the Fréchet distance of lesson 3. If its weights can't be found,
# these two come from random ones, and the next line says so.

# %% tags=["nbval-ignore-output"]
board = Scoreboard(sets, 4, ["block3_conv1"])
imagenet = board.imagenet
print("weights of VGG19:", "ImageNet" if imagenet else "RANDOM")


# %%
class Entry(NamedTuple):
    bits: float
    psnr: float
    ssim: float
    features: float
    frechet: float

    def __str__(self):
        quality = f"{self.psnr:.2f} dB, SSIM {self.ssim:.3f}"
        seen = f"feature distance {self.features:.3f}, Fréchet {self.frechet:.1f}"
        return f"{self.bits:.3f} bits per pixel, {quality}, {seen}"


def scored(name, files, results):
    board.add_results("this one", {name: results})
    psnr, ssim = board.mean("this one", name)
    frechet, features = board.perception("this one", name)
    return Entry(bits_per_pixel(name, files), psnr, ssim, features, frechet)


# %% [markdown]
# `stored` runs a whole set through a format. With an upscaler, it stores the small images
# and enlarges what comes back.


# %%
def stored(name, kind, upscale=None, **options):
    files, results = {}, {}
    for key, (large, small) in pairs[name].items():
        files[key] = encoded(small if upscale else large, kind, **options)
        shown = decoded(files[key])
        results[key] = images.quantize(upscale(shown)) if upscale else shown
    return scored(name, files.values(), results)


# %% tags=["nbval-ignore-output"]
print(stored("photographs", "JPEG", quality=20))

# %% [markdown]
# Which format for the small files? Try both with the same network.

# %% tags=["nbval-ignore-output"]
for kind in ("JPEG", "WebP"):
    entry = stored("photographs", kind, networks["SRResNet"], quality=90)
    print(f"{kind}: {entry.bits:.3f} bits per pixel, {entry.psnr:.2f} dB")

# %% [markdown]
# WebP: fewer bits, and closer to the original. So the small files are WebP at three
# qualities, and lossless. (PNG would give the pixels of lossless WebP with a third more
# bytes or worse, as you saw.) The large ones are JPEG and WebP at five.
#
# Bits are called the *rate*, errors the *distortion*. **Predict:** draw two curves of PSNR
# over bits, one for WebP, one for small files with SRResNet. Do they cross?

# %%
interpolations = {
    kernel: lambda small, kernel=kernel: resize(small, 4, kernel)
    for kernel in ("bicubic", "lanczos3")
}


def rate_distortion(name):
    lines = {
        "JPEG": [stored(name, "JPEG", quality=x) for x in (1, 5, 10, 20, 50)],
        "WebP": [stored(name, "WebP", quality=x) for x in (0, 3, 10, 30, 75)],
    }
    for method, upscale in (interpolations | networks).items():
        lossy = [stored(name, "WebP", upscale, quality=x) for x in (50, 75, 90)]
        lines[method] = [*lossy, stored(name, "WebP", upscale, **exact)]
    return lines


# %%
curves = {"photographs": rate_distortion("photographs")}

# %%
curves["textures"] = rate_distortion("textures")

# %% [markdown]
# The answer in one chart: quality over bits. In the left panels up is better, in the right
# ones down. JPEG is black and WebP gray. The colored curves are small files with an
# upscaler; their last point is the lossless one. PNG and lossless WebP at full size are far
# outside, at 5 to 14 bits, without error.


# %% tags=["nbval-ignore-output"]
def panel(name, measure, label, log):
    lines = {
        method: ([x.bits for x in entries], [getattr(x, measure) for x in entries])
        for method, entries in curves[name].items()
    }
    return label, log, lines


measures = {"psnr": ("PSNR in dB", False), "frechet": ("Fréchet distance", True)}
alt = "Left, codecs soon rise above small files; right, small files lead at few bits."
plots.rates(
    {
        f"{name}: {label}": panel(name, measure, label, log)
        for name in sets
        for measure, (label, log) in measures.items()
    },
    alt=alt,
)

# %% [markdown]
# Read each panel from left to right. At the far left there are only small files: at
# quality 1 and 0, JPEG and WebP still need more bits. There the networks lead, most
# clearly with feature loss and SRGAN in Fréchet distance. Then the codecs catch up and go on.
# The curves of the small files become flat: more bits make the *small* image better, and
# it still doesn't hold the detail.
#
# Bicubic and Lanczos, which need no network, are far off in Fréchet distance. So it is the
# network that makes small files a rival. Here are the numbers.


# %% tags=["nbval-ignore-output"]
def table(name):
    print(f"{name:24} bits    PSNR   SSIM   features  Fréchet")
    for method, entries in curves[name].items():
        for x in entries:
            closeness = f"{x.psnr:6.2f}  {x.ssim:.3f}"
            print(
                f"{method:24}{x.bits:5.3f}  {closeness}  {x.features:.3f}  {x.frechet:8.1f}"
            )


table("photographs")

# %% tags=["nbval-ignore-output"]
table("textures")

# %% [markdown]
# The textures are the better case for small files. Look at gravel at equal bytes, with the
# small file at quality 90. There is hardly a plain spot in it that a codec could save on.

# %% tags=["nbval-ignore-output"]
gravel, small_gravel = pairs["textures"]["gravel"]
alt = (
    "Gravel: shattered squares from JPEG, shards from WebP, round stones from networks."
)
stones = (100, 64, 128, 128)
_, picture = show(gravel, encoded(small_gravel, "WebP", quality=90), stones, alt)
picture

# %% [markdown]
# SRResNet's stones are soft, but most are in their places, and it is closest in decibels.
# The feature loss gives them a surface, and its grid. Nothing here would pass for the
# original.

# %% [markdown]
# ## Equal quality
#
# Turn the chart around: how many bits does a rival need for the *same* quality? Between
# measured points, interpolate along the curve. Where a quality is below all that the rival
# can do, it needs at least its smallest file.


# %%
def bits_for(name, rival, measure, quality):
    entries = sorted(curves[name][rival], key=lambda x: getattr(x, measure))
    known = [getattr(x, measure) for x in entries]
    return np.exp(np.interp(quality, known, np.log([x.bits for x in entries])))


# %% [markdown]
# Divide by the bits of the small file. Above 1, the small file needs fewer bits. The first
# row of each network is its WebP at quality 75, the second is lossless.

# %% tags=["nbval-ignore-output"]
advantage = {
    (name, method, row, rival, measure): bits_for(
        name, rival, measure, getattr(curves[name][method][row], measure)
    )
    / curves[name][method][row].bits
    for name in sets
    for method in networks
    for row in (1, 3)
    for rival in ("JPEG", "WebP")
    for measure in ("psnr", "features", "frechet")
}

# %% tags=["nbval-ignore-output"]
print("against               JPEG: PSNR features Fréchet   WebP: PSNR features Fréchet")
for name in sets:
    for method in networks:
        for row in (1, 3):
            key = (name, method, row)
            values = [f"{x:8.2f}" for k, x in advantage.items() if k[:3] == key]
            bits = curves[name][method][row].bits
            print(f"{name}, {method}, {bits:.2f} bits\n{'':24}{' '.join(values)}")

# %% [markdown]
# At 0.10 and 0.14 bits per pixel JPEG needs 1.4 to 2.5 times as many bits. (One
# exception: SRResNet's smooth textures, in Fréchet distance.) WebP needs a little more
# for equal PSNR of photographs, and clearly more for equal features.
#
# With lossless small files the photographs turn it around: JPEG and WebP do the same with a
# fraction of the bits, by *every* measure. For textures JPEG is about equal to SRResNet in
# PSNR, and WebP wins.

# %% tags=["nbval-ignore-output"]
pixel, feature = "SRResNet", "SRResNet, feature loss"
for name in sets:
    assert advantage[name, pixel, 1, "JPEG", "psnr"] > 1.3
    assert advantage[name, pixel, 1, "WebP", "psnr"] > 0.9
    assert advantage[name, pixel, 3, "WebP", "psnr"] < 1
    for rival in ("JPEG", "WebP") if imagenet else ():
        assert advantage[name, feature, 1, rival, "frechet"] > 1.2
        assert advantage[name, feature, 3, rival, "frechet"] < 0.9
assert advantage["photographs", pixel, 3, "JPEG", "psnr"] < 0.6

# %% [markdown]
# Where do the curves cross? Walk along them and note the last place where the small file
# is ahead.


# %%
def leads_until(name, method, rival, measure):
    sign = 1 if measure == "psnr" else -1
    bits = np.geomspace(0.05, 1, 200)
    ours, theirs = (
        np.interp(
            np.log(bits),
            np.log([x.bits for x in entries]),
            [sign * getattr(x, measure) for x in entries],
        )
        for entries in (curves[name][method], curves[name][rival])
    )
    return bits[np.nonzero(ours > theirs)[0].max(initial=0)]


# %% tags=["nbval-ignore-output"]
for name in sets:
    for method, measure in ((pixel, "psnr"), (feature, "frechet")):
        ends = {x: leads_until(name, method, x, measure) for x in ("JPEG", "WebP")}
        bits = ", ".join(f"{x} {end:.2f}" for x, end in ends.items())
        print(f"{name}, {method}, {measure}: ahead until {bits} bits per pixel")
        assert (measure == "frechet" and not imagenet) or max(ends.values()) < 0.55

# %% [markdown]
# Look back at the first picture before you cheer. Where small files win, nobody would be
# content with the photograph. They win where everything is bad.
#
# The comparison isn't quite fair to the networks either. They were trained on clean small
# images, and take the marks of WebP for detail. Trained on small images that went through
# WebP, they would do better at the left end, and no better at the right.

# %% [markdown]
# ## The network's own bytes
#
# A network isn't free: its file has to be stored or sent as well. With M bytes for the
# network, S for a small file and R for the rival's file of equal quality, N images cost
# M + N · S against N · R. So it pays from N = M / (R - S) images on. If R is smaller than
# S, it never does.
#
# **Predict:** for images of 256 × 256 pixels, is N about ten, a thousand or a hundred
# thousand?


# %% tags=["nbval-ignore-output"]
network_bytes = {
    name: (models.CHECKPOINTS / f"{x}.keras").stat().st_size
    for name, x in CHECKPOINTS.items()
}
print({name: f"{size:,} bytes" for name, size in network_bytes.items()})


# %%
def least_images(name, method, rival, measure):
    small = curves[name][method][1]
    needed = bits_for(name, rival, measure, getattr(small, measure))
    saved = (needed - small.bits) * 256**2 / 8
    return network_bytes[method] / saved if saved > 0 else np.inf


# %% [markdown]
# At WebP quality 75, where the small files are good, for equal PSNR and for equal Fréchet
# distance:

# %% tags=["nbval-ignore-output"]
least = {
    (name, method, rival, measure): least_images(name, method, rival, measure)
    for name in sets
    for method in networks
    for rival in ("JPEG", "WebP")
    for measure in ("psnr", "frechet")
}
for (name, method, rival, measure), images_needed in least.items():
    count = f"{images_needed:,.0f} images" if images_needed < np.inf else "never"
    print(f"{name}, {method}, same {measure} as {rival}: {count}")

# %% [markdown]
# Thousands of images of 256 × 256. A photograph of 12 megapixels is as large as 183 of
# them, so some ten to eighty would do. Mind what "equal" means here: against WebP,
# photographs take three to more than five times as many for equal PSNR as for equal Fréchet
# distance.
# And with lossless small files, the answer for photographs is "never".

# %% tags=["nbval-ignore-output"]
for name in sets:
    assert 300 < least[name, pixel, "JPEG", "psnr"] < 20_000
    if imagenet:
        assert 300 < least[name, feature, "WebP", "frechet"] < 20_000

# %% [markdown]
# ## Memory on the device
#
# A file isn't all. A graphics processor can't read JPEG or WebP: it wants any pixel at any
# time. So a texture lies in its memory either uncompressed, at 24 bits per pixel, or in a
# *block* format. In those each square of 4 × 4 has a fixed number of bits: BC7 and ASTC
# 4 × 4 spend 8 per pixel, BC1 spends 4. (These are rates by definition; their quality isn't
# measured here. ASTC has larger squares too, down to 0.89 bits.)
#
# **Predict:** in memory, how many textures does it take until a network pays?

# %%
weights = 4 * architecture.cost(models.load_checkpoint("srresnet_x4")).parameters
print(f"weights in memory: {weights:,} bytes")
for kind, bits in {"uncompressed": 24, "BC7, ASTC 4 × 4": 8, "BC1": 4}.items():
    large, small = (bits * side**2 // 8 for side in (256, 64))
    count = weights / (large - small)
    print(f"{kind}: {large:,} against {small:,} bytes; pays from {count:.0f} textures")

# %% [markdown]
# A few dozen, not thousands. Here JPEG isn't a rival at all, since it is gone as soon as it
# is decoded. The small texture is in the memory format like the large one, and always takes
# a sixteenth of it. It is a sixteenth of what moves from disk to memory, too.
#
# There is a catch. To *show* the large texture, somebody has to make it, and to hold it for
# as long as it is seen. And the network needs room to work. Its largest map, for one
# texture:

# %%
network = architecture.in_float32(models.load_checkpoint("srresnet_x4"))
probe = keras.Model(network.input, [layer.output for layer in network.layers])
shapes = probe.compute_output_shape((1, 64, 64, 3))
largest = max(shapes, key=np.prod)
print(f"{largest} has {4 * np.prod(largest):,} bytes")

# %% [markdown]
# That is 21 times the texture itself. It is needed once, however many textures there are.

# %% [markdown]
# ## Time for a frame
#
# At 60 frames a second there are 16.7 milliseconds for everything. How long does one
# texture of 256 × 256 take on your machine? `predict_on_batch` runs the network compiled,
# without Python between its layers.

# %% tags=["nbval-ignore-output"]
texture, small_texture = (x[:side, :side] for x, side in ((cat, 256), (small_cat, 64)))
network.compile(jit_compile=runtime.jit_compile())
files = [encoded(texture, kind, quality=75) for kind in ("JPEG", "WebP")]
jobs = {
    "decode JPEG": lambda: decoded(files[0]),
    "decode WebP": lambda: decoded(files[1]),
    "bicubic": lambda: resize(small_texture, 4),
    "SRResNet": lambda: network.predict_on_batch(small_texture[None]),
}


# %% tags=["nbval-ignore-output"]
def milliseconds(job):
    times = []
    for _ in range(9):
        start = time.perf_counter()
        job()
        times.append(1000 * (time.perf_counter() - start))
    return np.median(times)


taken = {name: milliseconds(job) for name, job in jobs.items()}
for name, value in taken.items():
    print(f"{name}: {value:.2g} ms, {1000 / 60 / value:.2g} textures in a frame")

# %% [markdown]
# On the two CPU cores that made these outputs, a single texture takes the network longer
# than a frame lasts; decoding takes a small part of one. So this is nothing to do in each
# frame. It can be done once, when a texture is loaded, or on a graphics processor.
#
# What would a device need that enlarges the *whole screen*, every frame? Count: a
# multiplication with its addition is two operations.

# %%
per_pixel = architecture.cost(network).multiplications
screen = 1920 * 1080
print(f"{per_pixel:,} multiplications for each pixel")
print(f"{2 * per_pixel * screen * 60 / 1e12:.1f} million million operations a second")

# %% [markdown]
# That is a graphics card at work, with nothing wasted and nothing left for the game. What
# runs in games is much smaller, computes with 8 or 16 bits, and sees the previous frames,
# which hold real detail. Lesson 5 shows what fewer bits save.

# %% [markdown]
# ## So when does it pay?
#
# Counted in bytes of files:
#
# - **Not** for images that should look good. From a third of a bit per pixel on, plain WebP
#   is closer to the originals than any small file, and more like a photograph. JPEG is from
#   half a bit on.
# - **Yes** at the very low end, where codecs break down: previews, what is far away, what
#   is out of focus. And only if thousands of images share the network.
#
# A small image has merits that no curve shows. It is a sixteenth in memory and in every
# transfer there, in any block format. It is its own preview: enlarge it at once, replace it
# when the large one arrives. And some images *are* small: old textures, rendered frames. No
# codec brings back detail that was never stored.

# %% [markdown]
# ## What you have measured
#
# - A quarter of the side is a sixteenth of the pixels, but only an eleventh to a fourteenth
#   of the bytes of a lossless file.
# - At 0.1 bits per pixel, a small WebP with a network does what takes JPEG almost twice as
#   many bytes, and is more like a photograph than WebP.
# - With lossless small files it loses: WebP does the same photographs in about half of the
#   bytes, or less.
# - The network's 1.8 MB are paid for after thousands of images in files, and after dozens
#   of textures in memory.
# - On a CPU it can't enlarge in every frame.
#
# (Fréchet distances are those with ImageNet weights.)

# %% [markdown]
# ## Exercises
#
# Try each in the empty cell before you unfold the solution. Every solution ends with a
# check you can run on your answer.
#
# **1. Half instead of a quarter.** Store the photographs at *half* their size as WebP of
# quality 75, and enlarge with Lanczos. Compare with a quarter of the size, lossless, and
# SRResNet: bits and PSNR.

# %%
# Your answer:


# %% tags=["solution"]
from fractions import Fraction


def at_half(quality):
    files, results = [], {}
    for key, (large, _) in pairs["photographs"].items():
        files.append(encoded(resize(large, Fraction(1, 2)), "WebP", quality=quality))
        results[key] = images.quantize(resize(decoded(files[-1]), 2, "lanczos3"))
    return scored("photographs", files, results)


half, quarter = at_half(75), curves["photographs"]["SRResNet"][3]
print(half, quarter, sep="\n")
# No network, well under half of the bits, and closer to the original.
assert half.bits < 0.5 * quarter.bits
assert half.psnr > quarter.psnr + 0.5

# %% [markdown]
# **2. Lettering.** Draw a line of text, black on white, with
# `ImageFont.load_default(size=16)` of Pillow. How many bytes does a PNG take at full size? And at a
# quarter? What does SRResNet make of it?

# %%
# Your answer:

# %% tags=["solution"]
from PIL import ImageDraw, ImageFont

page = Image.new("RGB", (256, 64), "white")
font = ImageFont.load_default(size=16)
ImageDraw.Draw(page).text((8, 20), "Store less, infer the rest", "black", font)
letters, small_letters = datasets.pair(np.asarray(page) / np.float32(255), 4)
lettering = [encoded(x, "PNG") for x in (letters, small_letters)]
guessed = networks["SRResNet"](small_letters)
print([len(x) for x in lettering], f"{metrics.psnr(letters, guessed, shave=4):.1f} dB")
# Flat white costs a PNG nothing, so the small file isn't far smaller; and it can't be read.
assert len(lettering[1]) > len(lettering[0]) / 6
assert metrics.psnr(letters, guessed, shave=4) < 20

# %% [markdown]
# **3. A palette.** Reduce the small cat to 64 colors (`Image.quantize`) before you store it
# as PNG. What do you save, and what does SRResNet's result lose?

# %%
# Your answer:

# %% tags=["solution"]
pixels = Image.fromarray(images.to_uint8(small_cat))
indexed = np.asarray(pixels.quantize(64).convert("RGB")) / np.float32(255)
file = io.BytesIO()
pixels.quantize(64).save(file, "PNG", optimize=True)
saved = 1 - file.tell() / len(encoded(small_cat, "PNG"))
quality = [
    metrics.psnr(cat, networks["SRResNet"](x), shave=4) for x in (small_cat, indexed)
]
print(f"{saved:.0%} fewer bytes, {quality[0] - quality[1]:.2f} dB lost")
assert saved > 0.4
assert quality[0] - quality[1] > 0.2

# %% [markdown]
# **4. Half the network.** Round the weights of SRResNet to float16 (`x.astype("float16")`).
# How many decibels does that cost on the cat? Then how many images does it take against
# JPEG, for equal PSNR?

# %%
# Your answer:

# %% tags=["solution"]
rounded = models.load_checkpoint("srresnet_x4")
rounded.set_weights([x.astype("float16") for x in rounded.get_weights()])
quality = [
    metrics.psnr(cat, upscale(small_cat), shave=4)
    for upscale in (networks["SRResNet"], models.upscaler(rounded))
]
print(f"{quality[0] - quality[1]:.4f} dB")
needed = least["photographs", "SRResNet", "JPEG", "psnr"]
print(f"{needed / 2:,.0f} images instead of {needed:,.0f}")
assert abs(quality[0] - quality[1]) < 0.01

# %% [markdown]
# **5. A newer rival.** If your Pillow can write AVIF (`PIL.features.check("avif")`), store the
# photographs at quality 10. Does the lead of the small files survive?

# %%
# Your answer:

# %% tags=["solution"]
from PIL import features

if features.check("avif"):
    avif = stored("photographs", "AVIF", quality=10)
    print(avif, curves["photographs"]["SRResNet, feature loss"][1], sep="\n")
    # With little more bits: far closer, and about as like a photograph. Hardly.
    assert avif.psnr > curves["photographs"]["SRResNet"][1].psnr

# %% [markdown]
# ## Papers
#
# - G. Wallace, *The JPEG still picture compression standard*, 1992.
# - Y. Blau and T. Michaeli, *Rethinking lossy compression: the rate-distortion-perception
#   tradeoff*, 2019: the third axis of your chart.
# - Y. Li and others, *Learning a convolutional neural network for image compact-resolution*,
#   2019: networks that make the small image as well.
# - E. Agustsson and others, *Generative adversarial networks for extreme learned image
#   compression*, 2019: codecs that are networks.
# - J. Nystad and others, *Adaptive scalable texture compression*, 2012: ASTC.
# - L. Xiao and others, *Neural supersampling for real-time rendering*, 2020.
