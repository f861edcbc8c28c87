# %% [markdown]
# # 6. Storing less: does it pay to store small images?
#
# A game, a map and a headset have one problem in common: thousands of images that have to
# be stored, sent and kept in memory. You can turn 64 × 64 pixels into 256 × 256. So why
# keep the large ones? Store a sixteenth of the pixels, and let a network make the rest.
#
# There are rivals. In this lesson they compete at equal bytes, on photographs and on
# textures, first as files and then in the memory of a graphics processor. Everything counts:
# the network's own bytes, its memory and its time.

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

from sr_utils import (
    architecture,
    datasets,
    evidence,
    images,
    metrics,
    models,
    pictures,
    plots,
    tiling,
)
from sr_utils.checks import checking
from sr_utils.scoreboard import Scoreboard
from sr_utils.widgets import explore

# %% [markdown]
# Here is a file that holds a cat at a quarter of its size, 75 × 112 pixels, enlarged by two
# networks of the series, and beside it a JPEG at full size of *as many bytes*.
#
# You need two functions: from an image to the bytes of a file, and back. Pillow does the
# work. `EFFORT` asks each format to spend time on fewer bytes.

# %%
EFFORT = {"PNG": {"optimize": True}, "JPEG": {"optimize": True}}
EFFORT |= {"WebP": {"method": 6}, "AVIF": {"speed": 4}}


# %%
def encoded(image, kind, **options):
    file = io.BytesIO()
    pixels = Image.fromarray(images.to_uint8(image).squeeze())
    pixels.save(file, kind, **EFFORT[kind] | options)
    return file.getvalue()


# %%
def decoded(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB")) / np.float32(255)


# %% [markdown]
# A stored image may be smaller than the original. Then something has to enlarge it: a
# kernel of lesson 1 or a network. `WAYS` says by how much and how. The network for half-size
# images is `srresnet_x2`, a little larger than `srresnet_x4` and trained on more photographs.


# %%
def network(name):
    return models.upscaler(models.load_checkpoint(name))


# %%
WAYS = {
    "half, lanczos3": (2, tiling.interpolation("lanczos3", 2)),
    "half, SRResNet": (2, network("srresnet_x2")),
    "quarter, lanczos3": (4, tiling.interpolation("lanczos3", 4)),
    "quarter, SRResNet": (4, network("srresnet_x4")),
    "quarter, SRGAN": (4, network("srgan_x4")),
}

# %% [markdown]
# Equal bytes need a fine control. WebP's and AVIF's is the quality. JPEG's whole-numbered
# quality is too coarse for very small files, so its table of steps, by which it divides
# before it rounds, is multiplied by a factor. The settings below run from the smallest file
# to the largest.


# %%
def steps(factor):
    gray = encoded(np.zeros((8, 8, 3)), "JPEG", quality=50)
    tables = Image.open(io.BytesIO(gray)).quantization.values()
    return [[min(255, max(1, round(factor * x))) for x in table] for table in tables]


# %%
fine = {(x / 50) ** 3 for x in range(50)}  # WebP's lowest qualities differ most
SETTINGS = {
    "JPEG": [{"qtables": steps(25 * 0.97**i)} for i in range(200)],
    "WebP": [{"quality": x} for x in sorted(fine | {x / 2 for x in range(201)})],
    "AVIF": [{"quality": x} for x in range(101)],
}

# %% [markdown]
# `fitted` looks for the largest file within a budget, by bisection. AVIF has the fewest
# qualities, so its best file within the budget becomes the budget of all.


# %%
def fitted(image, kind, budget):
    options = SETTINGS[kind]
    best = bisect.bisect_right(
        options, budget, key=lambda x: len(encoded(image, kind, **x))
    )
    return encoded(image, kind, **options[max(0, best - 1)])


# %%
def at_equal_bytes(large, bits):
    budget = len(fitted(large, "AVIF", bits * large[..., 0].size / 8))
    files = {kind: fitted(large, kind, budget) for kind in SETTINGS}
    results = {kind: decoded(file) for kind, file in files.items()}
    for name, (scale, enlarge) in WAYS.items():
        files[name] = fitted(datasets.pair(large, scale)[1], "WebP", budget)
        results[name] = images.quantize(enlarge(decoded(files[name])))
    return {name: len(file) for name, file in files.items()}, results


# %%
def told(large, sizes, results):
    return {
        name: f"{sizes[name]:,} bytes, {metrics.psnr(large, image, shave=4):.2f} dB"
        for name, image in results.items()
    }


# %%
cat, small_cat = datasets.pair(datasets.held_out()["chelsea"], 4)
sizes, results = at_equal_bytes(cat, bits=0.16)
captions = told(cat, sizes, results)

# %%
eye = (70, 120, 80, 112)
chosen = ("JPEG", "quarter, SRResNet", "quarter, SRGAN")
panels = {name: results[name] for name in chosen} | {"original": cat}
alt = "A cat's eye: squares from JPEG, clear outlines from two networks, the original."
pictures.compare(panels, eye, zoom=2, captions=captions, alt=alt)

# %% tags=["nbval-ignore-output"]
print(sizes)
assert max(sizes.values()) < 1.025 * min(sizes.values())
found = {name: metrics.psnr(cat, x, shave=4) for name, x in results.items()}
assert found["quarter, SRResNet"] > found["JPEG"] + 1

# %% [markdown]
# JPEG has squares. The networks' outline is clear, though the fur is invented. So it pays?
#
# JPEG is from 1992. WebP came in 2010, AVIF in 2019. And a file may be *half* as wide and as
# high instead of a quarter: its pixels are nearer to the original's. **Predict:** at as many
# bytes as before, which of all is closest to the original, in decibels?
#
# - **A** The quarter-size file with SRResNet: it spends its bytes on few pixels, and the
#   network knows the rest.
# - **B** The half-size file with a network: the best of both.
# - **C** AVIF at full size, which enlarges nothing.


# %%
def crops(original, results, region):
    names = [name for name in results if name != "quarter, lanczos3"]
    panels = {name: results[name] for name in names} | {"original": original}
    return {name: pictures.crop(image, region) for name, image in panels.items()}


# %%
alt = "The eye again: AVIF has a sharp outline and smooth fur, and most decibels."
panels = crops(cat, results, eye)
pictures.gallery(panels, zoom=2, captions=captions, columns=4, alt=alt)

# %% tags=["nbval-ignore-output"]
print(", ".join(f"{name}: {x:.2f} dB" for name, x in found.items()))
assert max(found, key=found.get) == "AVIF"
assert found["AVIF"] > found["quarter, SRResNet"] + 0.5

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C**, by more than half a decibel. AVIF keeps the edges where the bytes are best spent and
# smears the fur. **A** is true against JPEG, and so one reads it often.
# **B** tempts, since each half of it is good; but a small image has thrown away all fine
# detail, and AVIF throws away only what costs too much.
#
# </details>

# %% [markdown]
# The answer turned around as soon as all rivals were let in. "Better than JPEG" says little.
# (The files are equal to within three percent.) Now move the bits. At the most of them, AVIF
# begins to show the hairs of *this* cat, which a quarter-size file doesn't hold.


# %%
def look(bits):
    sizes, results = at_equal_bytes(cat, bits)
    chosen = ("AVIF", "half, SRResNet", "quarter, SRGAN")
    panels = {name: results[name] for name in chosen} | {"original": cat}
    captions = told(cat, sizes, results)
    alt = f"The eye at {bits} bits per pixel: AVIF, half, quarter and original."
    return pictures.compare(panels, eye, zoom=2, captions=captions, alt=alt)


# %%
explore(look, {"bits": 0.3}, bits=(0.1, 0.16, 0.22, 0.3))

# %% [markdown]
# So the question isn't *whether* it pays, but *where*, and against *whom*.
#
# **What you will learn**
#
# - what a codec throws away, and what a smaller image throws away
# - rate and distortion: how to compare methods that differ in both bytes and quality
# - how many images a network has to serve before its own bytes are paid for
# - what lies in a graphics processor's memory, block formats and mipmaps, and who wins there
# - where the field went
#
# **What you need:** lessons 2 and 3; the SRGAN is lesson 4's. **Time:** about an hour to read
# and try; about four minutes to run on two CPU cores.

# %% [markdown]
# ## What a byte buys
#
# Photographs are the three held-out ones. The textures are brick, grass and gravel, gray
# photographs whose left halves the networks were trained on. You use the right
# halves. Remember this: a texture's other half is the best preparation that a network can
# get, and a game's next texture won't have it.
#
# Files differ with the size of the image, so from now on count **bits per pixel** of the
# *large* image: all bits of a set divided by all its pixels. Uncompressed RGB has 24.

# %%
textures = {name: image[..., :1] for name, image in datasets.textures().items()}
assert all(np.ptp(x, axis=-1).max() == 0 for x in datasets.textures().values())

# %%
sets = {"photographs": datasets.held_out(), "textures": textures}
pairs = {
    name: {key: datasets.pair(image, 4) for key, image in found.items()}
    for name, found in sets.items()
}


# %%
def bits_per_pixel(name, files):
    area = sum(large[..., 0].size for large, _ in pairs[name].values())
    return 8 * sum(map(len, files)) / area


# %% [markdown]
# PNG and lossless WebP keep every pixel. **Predict:** a quarter of the width and the height
# is a sixteenth of the pixels. How many of the bytes are left?
#
# - **A** A sixteenth: bytes go with pixels.
# - **B** More than a sixteenth: small pixels are harder to predict.
# - **C** Less than a sixteenth: reducing has removed the noise.

# %%
exact = {"lossless": True}
lossless = {"PNG": {}, "WebP": exact}

# %% tags=["nbval-ignore-output"]
for name, found in pairs.items():
    for kind, options in lossless.items():
        large, small = (
            bits_per_pixel(name, [encoded(x, kind, **options) for x in versions])
            for versions in zip(*found.values(), strict=True)
        )
        print(f"{name}, {kind}: {large:.2f} and {small:.2f}, ratio {large / small:.1f}")
        assert 9 < large / small < 15.9

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B.** These formats predict a pixel from its neighbors and store the surprise. In a small
# image neighbors are farther apart in the scene, so there is more surprise in each pixel.
# **A** forgets that pixels aren't independent. **C** names a real effect that is too weak.
#
# </details>

# %% [markdown]
# ## What a codec throws away
#
# JPEG cuts the image into squares of 8 × 8 pixels and writes each as a sum of 64 waves. It
# rounds the strengths of the waves, fine ones more coarsely; most become 0. WebP and AVIF
# first predict a square from its neighbors and treat the rest in the same way; AVIF has
# squares of many sizes and more ways to predict.
#
# A small image throws away fine waves too: *all* of those above a quarter of the frequencies,
# *everywhere*. The codec decides for each square. **Predict:** code each square of 32 × 32
# pixels of a portrait alone, as a JPEG of quality 30. Where are the bytes spent?
#
# - **A** Evenly: each square has as many pixels.
# - **B** Where something changes from pixel to pixel: edges, hair, folds.
# - **C** In the face, which people look at.

# %%
woman = sets["photographs"]["astronaut"][:320]
squares = woman.reshape(10, 32, 16, 32, 3).swapaxes(1, 2)
plain = {"quality": 30, "optimize": False}
header = len(encoded(np.zeros((32, 32, 3)), "JPEG", **plain))
spent = np.array([[len(encoded(x, "JPEG", **plain)) for x in row] for row in squares])
spent -= header

# %% tags=["nbval-ignore-output"]
heat = (spent / spent.max())[..., None].repeat(32, axis=0).repeat(32, axis=1)
captions = {"bytes of each square": f"black: {spent.min()} bytes, white: {spent.max()}"}
alt = "An astronaut, and a map: bright on collar and hair, black on the plain backdrop."
panels = {"astronaut": woman, "bytes of each square": heat}
pictures.gallery(panels, captions=captions, alt=alt)

# %% tags=["nbval-ignore-output"]
print(f"{spent.min()} to {spent.max()} bytes, the median {np.median(spent):.0f}")
assert spent.max() > 2 * np.median(spent) > 5 * spent.min()

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B.** Bright are the collar, the hair and the edge of the suit. The backdrop and the black
# neck cost next to nothing. **A** is what a *small image* does: it keeps as many pixels of the
# backdrop as of the collar. **C** would need a codec that knows faces.
#
# </details>

# %% [markdown]
# That is the codec's advantage. The network's is that it has seen other faces.

# %% [markdown]
# ## Rate and distortion
#
# Each method makes bytes, and from them an image. Score the images by the series' protocol:
# luma PSNR and SSIM, mean over the set, 4 pixels of border removed, and lesson 3's Fréchet
# distance. The SRGAN was trained on features of `block3_conv1`, so `block2_conv2`, on which
# no network was trained, judges as well. Textures are gray: files store them as gray, and
# results are averaged over the channels and scored as gray, without the studio range.


# %%
LABELS = {"psnr": "PSNR in dB", "frechet": "Fréchet distance, block3_conv1"}
LABELS |= {"second": "Fréchet distance, block2_conv2"}


# %%
class Entry(NamedTuple):
    bits: float
    psnr: float
    ssim: float
    frechet: float
    second: float

    def __str__(self):
        quality = f"{self.psnr:.2f} dB, SSIM {self.ssim:.3f}"
        seen = f"Fréchet {self.frechet:.1f} / {self.second:.1f}"
        return f"{self.bits:.3f} bits per pixel, {quality}, {seen}"


# %%
def scored(name, files, results):
    board.add_results("this one", {name: results})
    distances = [board.perception("this one", name, x).frechet for x in board.layers]
    bits = bits_per_pixel(name, files)
    return Entry(bits, *board.mean("this one", name), *distances)


# %% [markdown]
# `stored` runs a whole set through a format, at full size or by one of the `WAYS`.


# %%
def stored(name, kind, way=None, **options):
    scale, enlarge = WAYS[way] if way else (1, lambda image: image)
    files, results = {}, {}
    for key, (large, _) in pairs[name].items():
        image = datasets.pair(large, scale)[1] if way else large
        files[key] = encoded(image, kind, **options)
        results[key] = images.quantize(enlarge(decoded(files[key])))
    return scored(name, files.values(), results)


# %% [markdown]
# Which format for the small files? Try both with the SRGAN, at about equal bits. If the weights
# of VGG19 can't be found, its distances come from random ones, and the first line says so.

# %% tags=["nbval-ignore-output"]
board = Scoreboard(sets, 4, ["block3_conv1", "block2_conv2"])
imagenet = board.imagenet
print("weights of VGG19:", "ImageNet" if imagenet else "RANDOM")

# %% tags=["nbval-ignore-output"]
candidates = {}
for name, qualities in {"photographs": (75, 60), "textures": (50, 60)}.items():
    for kind, quality in zip(("WebP", "AVIF"), qualities, strict=True):
        entry = stored(name, kind, "quarter, SRGAN", quality=quality)
        candidates[name, kind] = entry
        print(f"{name}, {kind}: {entry}")

# %% tags=["nbval-ignore-output"]
assert candidates["textures", "AVIF"].psnr > candidates["textures", "WebP"].psnr
if imagenet:
    for name in sets:
        assert candidates[name, "WebP"].second < candidates[name, "AVIF"].second

# %% [markdown]
# AVIF brings the network a little closer to the original, WebP leaves it more to work with:
# the results are more like photographs, most of all the textures. That is where a network can
# win at all, so small files are WebP here. The choice favors the networks.

# %% [markdown]
# ### Everyone in one chart
#
# JPEG, WebP and AVIF at full size get five qualities each. Half-size and quarter-size files get
# four, and the last of a quarter is lossless. Bits are called the *rate*, errors the
# *distortion*.

# %%
QUALITIES = {
    "JPEG": (1, 5, 10, 20, 50),
    "WebP": (0, 3, 10, 30, 75),
    "AVIF": (2, 10, 20, 40, 60),
}

# %%
SMALL = {
    2: [{"quality": x} for x in (5, 30, 75, 90)],
    4: [{"quality": x} for x in (50, 75, 90)] + [exact],
}


# %%
def rate_distortion(name):
    lines = {
        kind: [stored(name, kind, quality=x) for x in qualities]
        for kind, qualities in QUALITIES.items()
    }
    for way, (scale, _) in WAYS.items():
        lines[way] = [stored(name, "WebP", way, **x) for x in SMALL[scale]]
    return lines


# %% [markdown]
# **Predict:** draw quality over bits for photographs. Where is a smaller file with a network
# ahead of *every* codec?
#
# - **A** In decibels at few bits, where codecs break down; not at many.
# - **B** In decibels nowhere. In likeness to photographs at few bits.
# - **C** Nowhere, in neither measure.
# - **D** In likeness everywhere: that is what an SRGAN is trained for.

# %%
curves = {"photographs": rate_distortion("photographs")}

# %%
curves["textures"] = rate_distortion("textures")


# %%
def chart(lines_by_set, alt):
    measures = {"closeness": ("psnr", False), "likeness": ("frechet", True)}
    panels = {
        f"{name}: {title}": (
            LABELS[measure],
            log,
            {
                method: ([x.bits for x in row], [getattr(x, measure) for x in row])
                for method, row in lines.items()
            },
        )
        for name, lines in lines_by_set.items()
        for title, (measure, log) in measures.items()
    }
    dashed = [name for name in WAYS if name.startswith("half")]
    return plots.rates(panels, dashed=dashed, alt=alt)


# %% tags=["nbval-ignore-output"]
lines = curves["photographs"]
assert lines["AVIF"][2].psnr > lines["quarter, SRResNet"][-1].psnr
chart(
    curves,
    "AVIF is highest in decibels, a quarter with SRGAN leads in likeness at few bits.",
)

# %% [markdown]
# In the left panels up is better, in the right ones down; both axes of the right ones are
# logarithmic. Full size has solid lines in black, gray and blue, half size is dashed, and a
# quarter solid in color. Find AVIF, and look for what lies beyond it. At its third point, a sixth
# of a bit, it is closer to photographs than lossless quarter-size files of over four times the bits.
#
# How far does the lead of a smaller file reach? Compare where both curves have points, and
# note the last place where the smaller file is ahead, in bits per pixel. With ≥ it is ahead to
# the end of its curve or of the rival's.


# %%
def leads_until(lines, method, rival, measure):
    sign = 1 if measure == "psnr" else -1
    both = [lines[method], lines[rival]]
    ends = [max(x[0].bits for x in both), min(x[-1].bits for x in both)]
    bits = np.geomspace(*ends, 200)
    ours, theirs = (
        np.interp(
            np.log(bits),
            np.log([x.bits for x in row]),
            [sign * getattr(x, measure) for x in row],
        )
        for row in both
    )
    ahead = np.nonzero(ours > theirs)[0]
    if not len(ahead):
        return None, "never"
    end = bits[ahead[-1]]
    return end, f"{'≥' if end == bits[-1] else ''}{end:.2f}"


# %%
def lead(name, way, measure):
    ends = {x: leads_until(curves[name], way, x, measure) for x in QUALITIES}
    shown = ", ".join(f"{x} {text}" for x, (_, text) in ends.items())
    print(f"{name}, {way}, {LABELS[measure]}: until {shown}")
    return {x: end for x, (end, _) in ends.items()}


# %% tags=["nbval-ignore-output"]
leads = {
    (name, way, measure): lead(name, way, measure)
    for name in sets
    for way, measure in (
        ("half, lanczos3", "psnr"),
        ("half, SRResNet", "psnr"),
        ("quarter, SRResNet", "psnr"),
        ("half, SRResNet", "frechet"),
        ("quarter, SRGAN", "frechet"),
        ("quarter, SRGAN", "second"),
    )
}

# %% tags=["nbval-ignore-output"]
for (name, _, measure), ends in leads.items():
    if measure == "psnr":
        assert ends["AVIF"] is None
    if imagenet and measure == "frechet":
        assert (ends["AVIF"] or 0) < (0.15 if name == "photographs" else 0.6)

# %%
if imagenet:
    assert 0.09 < leads["photographs", "quarter, SRGAN", "frechet"]["AVIF"] < 0.15
    assert 0.1 < leads["photographs", "quarter, SRGAN", "second"]["AVIF"] < 0.22
    assert 0.2 < leads["textures", "quarter, SRGAN", "frechet"]["AVIF"] < 0.4

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B.** In decibels AVIF is ahead of every smaller file, wherever both can go. **A** is right
# against JPEG and WebP only. In likeness, the SRGAN's quarter-size photographs lead until
# about an eighth of a bit, by the second layer a little farther. So **C** goes too far, and
# **D** farther: the curves of the small files become flat, since more bits make the *small*
# image better, and it still doesn't hold the detail.
#
# </details>

# %% [markdown]
# Look back at the first picture before you cheer. Where small photographs win, nobody would
# be content with the photograph.
#
# And Lanczos, without a network? Half-size files with Lanczos are about as close as quarter-size
# files with SRResNet at the same bits. The network's gain in decibels is what a better choice of
# size gives for nothing.

# %%
bits = 0.1
closeness = {
    way: np.interp(bits, *zip(*[(x.bits, x.psnr) for x in row], strict=True))
    for way, row in curves["photographs"].items()
    if way in ("half, lanczos3", "quarter, SRResNet", "AVIF")
}

# %% tags=["nbval-ignore-output"]
print({way: f"{psnr:.2f} dB" for way, psnr in closeness.items()})
assert abs(closeness["half, lanczos3"] - closeness["quarter, SRResNet"]) < 0.5
assert closeness["AVIF"] > max(closeness["half, lanczos3"] + 0.4, 28.5)

# %% [markdown]
# The comparison isn't quite fair to the networks. They were trained on clean small images, and
# take the marks of WebP for detail. Lesson 7's `srresnet_x4_real` knows such files. Does it turn
# the result around?

# %% tags=["nbval-ignore-output"]
clean = curves["photographs"]["quarter, SRResNet"]
WAYS["quarter, trained on files"] = (4, network("srresnet_x4_real"))
for quality, before in zip((50, 75, 90), clean, strict=False):
    entry = stored("photographs", "WebP", "quarter, trained on files", quality=quality)
    print(f"{entry.bits:.3f} bits: {entry.psnr:.2f} dB, before {before.psnr:.2f}")
    assert abs(entry.psnr - before.psnr) < 0.5
del WAYS["quarter, trained on files"]

# %% [markdown]
# It gains a little at few bits, where the marks are, and loses at many. AVIF stays ahead.

# %% [markdown]
# ## Equal quality
#
# Turn the chart around: how many bits does a rival need for the *same* quality? Between
# measured points, interpolate along the curve. If the quality is better than all that was
# measured of a rival, it needs at least its largest file, written ≥. If it is worse than the
# rival's smallest file, it needs at most that one, written ≤.


# %%
def bits_for(lines, rival, measure, quality):
    sign = 1 if measure == "psnr" else -1
    row, wanted = lines[rival], sign * quality
    reached = np.maximum.accumulate([sign * getattr(x, measure) for x in row])
    known, first = np.unique(reached, return_index=True)
    mark = "≤" if wanted < known[0] else "≥" if wanted > known[-1] else ""
    return np.exp(np.interp(wanted, known, np.log([row[i].bits for i in first]))), mark


# %%
def compared(lines, way, number, measure, rivals):
    entry = lines[way][number]
    needed = [bits_for(lines, x, measure, getattr(entry, measure)) for x in rivals]
    return [(bits / entry.bits, mark) for bits, mark in needed]


# %% [markdown]
# Divide by the bits of the small file: above 1, it needs fewer bits than the rival. Quarter-size
# files are those of WebP quality 75, half-size ones of quality 30. Watch the column of AVIF.

# %%
RIVALS = ("JPEG", "WebP", "AVIF", "half, lanczos3")
ROWS = (
    ("quarter, SRResNet", "psnr"),
    ("quarter, SRGAN", "frechet"),
    ("quarter, SRGAN", "second"),
    ("half, SRResNet", "psnr"),
    ("half, SRResNet", "frechet"),
)

# %% tags=["nbval-ignore-output"]
advantage = {}
print(f"{'':61}" + "".join(f"{x:>16}" for x in RIVALS))
for name in sets:
    for way, measure in ROWS:
        row = compared(curves[name], way, 1, measure, RIVALS)
        advantage[name, way, measure] = {
            x: ratio for x, (ratio, _) in zip(RIVALS, row, strict=True)
        }
        cells = "".join(f"{mark + format(ratio, '.2f'):>16}" for ratio, mark in row)
        print(f"{name}, {way}, {LABELS[measure]}".ljust(61) + cells)

# %% tags=["nbval-ignore-output"]
for name in sets:
    assert advantage[name, "quarter, SRResNet", "psnr"]["JPEG"] > 1.3
    assert advantage[name, "quarter, SRResNet", "psnr"]["AVIF"] < 1
    assert advantage[name, "half, SRResNet", "psnr"]["AVIF"] < 1
    if imagenet:
        assert advantage[name, "quarter, SRGAN", "frechet"]["JPEG"] > 1.3

# %%
if imagenet:
    assert 1.02 < advantage["photographs", "quarter, SRGAN", "frechet"]["AVIF"] < 1.3
    assert 1.6 < advantage["textures", "quarter, SRGAN", "frechet"]["AVIF"] < 2.6
    assert advantage["photographs", "half, SRResNet", "frechet"]["AVIF"] < 1
    assert advantage["textures", "half, SRResNet", "frechet"]["AVIF"] > 1

# %% [markdown]
# Against JPEG the quarter-size file with a network looks splendid. Against AVIF it loses in
# decibels, on both sets. In likeness, AVIF needs about a seventh more bits for photographs at
# this rate, and twice as many for textures. The half-size file with its network needs fewer
# bits than AVIF for textures only.

# %% [markdown]
# ## Textures, and two traps
#
# On textures the networks lead farther. That doesn't show that textures are easier for them:
# these networks were trained on the *other halves* of the same brick, grass and gravel. To tell
# one from the other you would have to train without them, which no cell here does.
#
# Look at gravel at equal bytes. There is hardly a plain spot in it that a codec could save on.

# %%
gravel, _ = pairs["textures"]["gravel"]
stones = (100, 64, 112, 128)
sizes, results = at_equal_bytes(gravel, bits=0.25)
captions = told(gravel, sizes, {x: y[..., :1] for x, y in results.items()})

# %%
alt = "Gravel: squares from JPEG, smears from WebP and AVIF, stones from networks."
panels = crops(gravel, results, stones)
pictures.gallery(panels, zoom=2, captions=captions, columns=4, alt=alt)

# %% tags=["nbval-ignore-output"]
print(sizes)
assert max(sizes.values()) < 1.03 * min(sizes.values())

# %% [markdown]
# AVIF is closest and smears. The SRGAN gives the stones a surface, and turns some of them, right
# of the middle, into specks. Half size with SRResNet sharpens the marks of WebP.
#
# The other trap is gray. A network of the series has three channels in and out. **Predict:**
# three equal channels go in. What comes out?
#
# - **A** Three equal channels: nothing in the input says otherwise.
# - **B** Nearly equal ones; the error is what rounding makes of it.
# - **C** Faint color: photographs have color, and the SRGAN paints some.

# %% tags=["nbval-ignore-output"]
tints = {}
for way in ("quarter, SRResNet", "quarter, SRGAN"):
    grown = {
        key: images.quantize(WAYS[way][1](images.to_rgb(small)))
        for key, (_, small) in pairs["textures"].items()
    }
    tints[way] = {key: 255 * np.ptp(x, axis=-1) for key, x in grown.items()}
    told_tints = [f"{x.mean():.1f} to {x.max():.0f}" for x in tints[way].values()]
    print(f"{way}: mean to largest difference of channels {', '.join(told_tints)}")

# %%
assert min(x.mean() for x in tints["quarter, SRGAN"].values()) > 1.5
assert max(x.mean() for x in tints["quarter, SRResNet"].values()) < 1.5

# %%
colored = pictures.crop(grown["gravel"], stones)
level = colored.mean(axis=-1, keepdims=True)

# %%
panels = {
    "SRGAN": colored,
    "its color, 8 times": np.clip(level + 8 * (colored - level), 0, 1),
    "original": pictures.crop(gravel, stones),
}
alt = "Gray stones by SRGAN; the same with its faint color eight times as strong; gray."
pictures.gallery(panels, zoom=2, alt=alt)

# %% [markdown]
# <details><summary>Answer</summary>
#
# **C.** The SRGAN's channels differ by a few levels of 255 on average, and by up to 36 at
# single pixels; SRResNet's by less than one level on average. **A** would need a network whose
# weights treat the channels alike. **B** is nearly true of SRResNet.
#
# </details>

# %% [markdown]
# Whoever stores gray textures should store one channel and take the mean of the three that
# come back, as the scores here do. Else part of the "realism" is paint.

# %% [markdown]
# ## The network's own bytes
#
# A network isn't free: its file has to be stored or sent as well. With $M$ bytes for the
# network, $S$ for a small file and $R$ for the rival's file of equal quality, $N$ images cost
#
# $$
# M + N S \quad \text{against} \quad N R .
# $$
#
# So it pays from $N = M / (R - S)$ images on. If $R$ is smaller than $S$, it never does.
# **Predict:** for textures of 256 × 256 pixels, quarter-size WebP with the SRGAN against AVIF
# of the same Fréchet distance: is $N$ about
#
# - **A** ten,
# - **B** a thousand or more,
# - **C** or a million?


# %%
def least_images(name, way, rival, measure, checkpoint):
    entry = curves[name][way][1]
    needed, _ = bits_for(curves[name], rival, measure, getattr(entry, measure))
    saved = (needed - entry.bits) * 256**2 / 8
    size = (models.CHECKPOINTS / f"{checkpoint}.keras").stat().st_size
    return size / saved if saved > 0 else np.inf


# %%
least = {}
for name in sets:
    for way, checkpoint, measure in (
        ("quarter, SRResNet", "srresnet_x4", "psnr"),
        ("quarter, SRGAN", "srgan_x4", "frechet"),
        ("half, SRResNet", "srresnet_x2", "frechet"),
    ):
        for rival in ("JPEG", "AVIF"):
            key = (name, way, measure, rival)
            least[key] = least_images(name, way, rival, measure, checkpoint)

# %% tags=["nbval-ignore-output"]
for (name, way, measure, rival), count in least.items():
    pays = f"from {count:,.0f} images on" if count < np.inf else "never"
    print(f"{name}, {way}, {LABELS[measure]} of {rival}: {pays}")

# %%
for name in sets:
    assert least[name, "quarter, SRResNet", "psnr", "AVIF"] == np.inf
    assert 300 < least[name, "quarter, SRResNet", "psnr", "JPEG"] < 20_000
if imagenet:
    assert 500 < least["textures", "quarter, SRGAN", "frechet", "AVIF"] < 5_000

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B.** The network's file has 1.8 MB, and a texture of this size saves about a thousand bytes.
# **A** would be true of large photographs: one of 12 megapixels is as large as 183 of these
# textures. **C** is nearer to the truth for decibels, where the answer is "never".
#
# </details>

# %% [markdown]
# ## In memory everything is different
#
# A file isn't all. A graphics processor can't read JPEG, WebP or AVIF: it wants any pixel at any
# time. So a texture lies in its memory either uncompressed, as **RGBA8**, 32 bits per pixel
# even where there is no transparency, or in a *block* format. In those each block of pixels has
# a fixed number of bits: BC7 has 128 for 4 × 4 pixels, and ASTC
# ([Nystad and others, 2012](https://doi.org/10.2312/EGGH/HPG12/105-114)) 128 for blocks of 4 × 4
# up to 12 × 12.
#
# **Predict:** which takes less memory?
#
# - **A** The quarter-size texture in RGBA8: a sixteenth of the pixels.
# - **B** The full-size texture in ASTC 12 × 12.
# - **C** Both about the same.

# %%
kinds = {"RGBA8": 32, "BC7, ASTC 4 × 4": 8, "ASTC 8 × 8": 2, "ASTC 12 × 12": 128 / 144}
for kind, bits in kinds.items():
    sizes = [bits * side**2 / 8 for side in (256, 128, 64)]
    told_sizes = ", ".join(f"{x:,.0f}" for x in sizes)
    print(f"{kind}: {bits:.2f} bits per pixel; 256, 128, 64 pixels: {told_sizes} bytes")

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**, by more than half. The block format saves a factor of 36 and keeps all pixels. **A**
# compares with an uncompressed rival, as so many articles do, and **C** trusts that factors of
# ten or so are much alike.
#
# </details>

# %% [markdown]
# ### Mipmaps
#
# A texture that is seen from afar is needed small, or it would flicker by aliasing. So beside
# each texture lie its half, its quarter and so on, down to one pixel: its *mipmaps*
# ([Williams, 1983](https://doi.org/10.1145/964967.801126)). They cost a third more. Look what
# that means for our idea: the quarter-size texture is in memory already. To store it alone is to
# leave out the two largest levels.

# %%
levels = [4**-n for n in range(9)]
print(f"all levels: {sum(levels):.3f} of the largest one")
print(f"without the two largest: {1 - sum(levels[:2]) / sum(levels):.4f} is left")

# %% [markdown]
# Leaving out large levels is what every game engine does when memory runs out, and what
# streaming brings back when you come near. A network would replace that stream.

# %% [markdown]
# ### Equal memory
#
# How good is a block format? The lesson's packages have no encoder for ASTC, so the following
# comes from a stored table; the line beneath it names the command that makes it again. Full,
# half and quarter size in ASTC, smaller ones in RGBA8 too, and enlarged as before.
#
# **Predict:** you have half a bit per pixel. ASTC at full size begins at 0.9. What is closest to
# the original, in decibels?
#
# - **A** A quarter in ASTC 4 × 4, nearly exact, with SRResNet.
# - **B** Half the size in ASTC 8 × 8, with plain Lanczos or with a network.
# - **C** A quarter with the SRGAN.

# %%
table = evidence.load("block_formats")
memory = {name: {"full size": []} | {way: [] for way in WAYS} for name in sets}
for row in table.rows:
    name, kept = row.rsplit(", ", 1)[0].split(": ")
    memory[name][kept].append(Entry(*table.results(row)))

# %%
half_a_bit = {"half, lanczos3": 8, "half, SRResNet": 8}
half_a_bit |= {"quarter, SRResNet": 4, "quarter, SRGAN": 4}
table.select(
    *[f"{name}: {x}, ASTC {n} x {n}" for name in sets for x, n in half_a_bit.items()]
)

# %%
for lines in memory.values():
    half, half_network = lines["half, lanczos3"][1], lines["half, SRResNet"][1]
    quarter, quarter_gan = lines["quarter, SRResNet"][3], lines["quarter, SRGAN"][3]
    assert 0.49 < half.bits == half_network.bits and quarter.bits < 0.51
    assert min(half.psnr, half_network.psnr) > quarter.psnr + 1
    assert half.psnr > quarter_gan.psnr + 2
    assert half_network.frechet < half.frechet / 2
    assert abs(half_network.psnr - half.psnr) < 0.4
print("half size is ahead by 1 dB or more on both sets")

# %% [markdown]
# <details><summary>Answer</summary>
#
# **B**, by more than one decibel, and Lanczos will do. Twice the blocks' errors weigh less than
# what a quarter has lost. **A** tempts, since an exact small image sounds good; you know from
# lesson 1 what it lacks. **C** is made to look real, not to be close.
#
# </details>

# %% [markdown]
# Now everything up to 2 bits in one chart, against bits in memory per pixel of the large image.
# The table goes on to full-size ASTC 4 × 4 with 8 bits, which has more than 45 dB.

# %%
few = {
    name: {kept: [x for x in row if x.bits < 2.1] for kept, row in lines.items()}
    for name, lines in memory.items()
}
assert min(lines["full size"][-1].psnr for lines in memory.values()) > 45
chart(few, "Half size leads in decibels below one bit, networks lead in likeness.")

# %% [markdown]
# Read the left panels first: from 0.9 bits on, full-size ASTC, black, leads and stays ahead.
# Below, down to a quarter of a bit, half size leads. Then the right ones: below one bit the networks' results are most like
# photographs. Toward 0.9 bits it is half size with SRResNet, at a quarter of a bit a quarter with
# the SRGAN.

# %%
for lines in memory.values():
    full, best = lines["full size"][0], lines["half, SRResNet"][2]
    assert full.bits == best.bits and full.psnr > best.psnr
    assert best.frechet < full.frechet and best.second < full.second
    assert lines["full size"][1].frechet < lines["half, SRResNet"][3].frechet
    low = [lines[x][n] for x, n in (("quarter, SRGAN", 2), ("half, SRResNet", 0))]
    assert low[0].bits == low[1].bits
    assert low[0].frechet < low[1].frechet and low[0].second < low[1].second
    print(
        f"{full.bits:.2f} bits: full size {full.psnr:.1f} dB, {full.frechet:.1f};",
        end="",
    )
    print(f" half with SRResNet {best.psnr:.1f} dB, {best.frechet:.1f}")

# %% [markdown]
# ### Equal quality in memory
#
# How much memory does a half-size texture with SRResNet need to look as real as full-size ASTC
# 12 × 12? And how many textures of 256 × 256 pixels does it take to pay for the network's
# weights, four bytes each?

# %%
weights = 4 * architecture.cost(models.load_checkpoint("srresnet_x2")).parameters
uncompressed = weights / ((32 - 32 / 4) * 256**2 / 8)
print(f"weights in memory: {weights:,} bytes; ", end="")
print(f"half size in RGBA8 would pay from {uncompressed:.0f} textures on")

# %%
for name, lines in memory.items():
    full = lines["full size"][0]
    needed, mark = bits_for(lines, "half, SRResNet", "frechet", full.frechet)
    count = weights / ((full.bits - needed) * 256**2 / 8)
    print(f"{name}: {mark}{needed:.2f} instead of {full.bits:.2f} bits; ", end="")
    print(f"pays from {count:,.0f} textures on")
    assert mark == "" and 0.5 < needed < 0.85 and 500 < count < 5_000

# %% [markdown]
# It saves a fifth to a quarter of the memory, and takes more than a thousand textures. Against
# full-size RGBA8 it would take a dozen or so; but who counts memory doesn't keep RGBA8.
#
# There is a catch. To *show* the large texture, somebody has to make it, and to hold it
# uncompressed for as long as it is seen, in 32 bits per pixel. The saving is for textures that
# aren't seen now. And the network needs room to work. Its largest map, for one texture:

# %%
resnet = architecture.in_float32(models.load_checkpoint("srresnet_x4"))
probe = keras.Model(resnet.input, [layer.output for layer in resnet.layers])
shapes = probe.compute_output_shape((1, 64, 64, 3))
largest = 4 * np.prod(max(shapes, key=np.prod))
print(f"{largest:,} bytes, {largest / (4 * 256**2):.0f} times the texture in RGBA8")

# %% [markdown]
# That is needed once, however many textures there are.

# %% [markdown]
# ## Time for a frame
#
# At 60 frames a second there are 16.7 milliseconds for everything. How long does one
# texture of 256 × 256 take on your machine? `predict_on_batch` runs the network compiled,
# without Python between its layers.

# %%
texture, small_texture = (x[:side, :side] for x, side in ((cat, 256), (small_cat, 64)))
resnet.compile(jit_compile=runtime.jit_compile())
files = {kind: encoded(texture, kind, quality=60) for kind in QUALITIES}
jobs = {f"decode {kind}": lambda x=data: decoded(x) for kind, data in files.items()}
jobs["lanczos3"] = lambda: WAYS["quarter, lanczos3"][1](small_texture)
jobs["SRResNet"] = lambda: resnet.predict_on_batch(small_texture[None])


# %%
def milliseconds(job):
    times = []
    for _ in range(9):
        start = time.perf_counter()
        job()
        times.append(1000 * (time.perf_counter() - start))
    return np.median(times)


# %% tags=["nbval-ignore-output"]
taken = {name: milliseconds(job) for name, job in jobs.items()}
print({name: f"{value:.2g} ms" for name, value in taken.items()})
assert taken["SRResNet"] > taken["decode JPEG"]

# %% [markdown]
# On the two CPU cores that made these outputs, the network takes several times as long as any
# decoder. It can be done once, when a texture is loaded. What would a device need that enlarges
# the *whole screen*, every frame?

# %%
per_pixel = architecture.cost(resnet).multiplications
print(f"{per_pixel:,} multiplications for each pixel")
print(f"{per_pixel * 1920 * 1080 * 60 / 1e12:.1f} trillion a second for a screen")

# %% [markdown]
# Lesson 5 named what phones promise, ten trillion or more, and that they reach a part of it. So it
# can be done, and takes more than a third of what is promised from everything else that a game
# computes.

# %% [markdown]
# ## Where the field went
#
# **Not one network for all textures, but a small one for each.** Neural texture compression
# ([Vaidyanathan and others, 2023](https://arxiv.org/abs/2305.17105)) optimizes a small network for
# *one* material: all its textures, color, normals, roughness, and their mipmaps together. The
# network decodes any single pixel while the scene is drawn, so nothing large is held, and the
# authors report 16 times as many pixels at low rates, and better quality than AVIF. It knows its
# texture instead of guessing it, and what it stores isn't a small image.
#
# **Not the stored texture, but the frame.** DLSS, FSR and XeSS enlarge what was just drawn, once
# for the whole screen. They know more than one small image: the previous frames, and how
# far each pixel has moved since. A surface that was sampled at other places in other frames gives
# real detail, none invented
# ([Xiao and others, 2020](https://doi.org/10.1145/3386569.3392376)). DLSS and XeSS use networks;
# FSR did without at first, and has one since version 4.
#
# **Not the pixels, but the code.** Codecs that are networks
# ([Ballé and others, 2018](https://arxiv.org/abs/1802.01436);
# [Mentzer and others, 2020](https://arxiv.org/abs/2006.09965)) learn what to store *and* how to
# show it. A small image was chosen by bicubic, which knows nothing of the network.

# %% [markdown]
# ## So when does it pay?
#
# - **Files: almost never.** In decibels AVIF at full size is ahead at every rate that was
#   measured. In likeness to photographs the small file leads until about an eighth of a bit
#   per pixel, where nobody would be content; for textures farther, with networks that know their
#   other halves.
# - **Memory: half size in a block format**, and Lanczos is enough for decibels. From 0.9 bits on,
#   keep full size. A network makes the half-size texture look real, below one bit.
# - **So networks win** in the realism of textures, at very low rates, and where the same network
#   serves thousands of textures.
#
# A small image has merits that no curve shows. It is its own preview: enlarge it at once,
# replace it when the large one arrives. And some images *are* small: old textures, rendered
# frames. No codec brings back detail that was never stored.

# %% [markdown]
# ## What you have measured
#
# - A quarter of the side is a sixteenth of the pixels, but more than a sixteenth of the
#   bytes of a lossless file.
# - At equal bytes, AVIF is closer to the original than any smaller file with any network, and
#   half size with Lanczos does what a quarter with SRResNet does.
# - A quarter-size RGBA8 texture takes more memory than the full-size one in ASTC 12 × 12.
# - At half a bit in memory, half size is ahead of a quarter by more than one decibel, and its
#   network more than halves the Fréchet distance of Lanczos.
# - The network's bytes are paid for after a thousand textures or more, if at all.
# - The SRGAN paints faint color on gray.
#
# (Fréchet distances are those with ImageNet weights.)

# %% [markdown]
# ## Exercises
#
# Write your answer into the empty cell and run the check below it, which says what is wrong.
# The solution is folded beneath.
#
# **1. When does it pay?** A network has `network` bytes, a small file `small` and the rival's
# file `rival`. Write `pays_from(network, small, rival)`: the smallest whole number of images at
# which the network's side needs fewer bytes, or `None` if it never does.

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("pays_from"):
    assert pays_from(100, 20, 10) is None, (
        "The small file is the larger one. When does it pay?"
    )
    assert pays_from(100, 10, 10) is None, (
        "Nothing is saved per image. When does it pay?"
    )
    count = pays_from(1000, 10, 40)
    assert isinstance(count, int), "Images come in whole numbers."
    assert 1000 + 10 * count < 40 * count, (
        "At your number the network's side isn't smaller."
    )
    assert 1000 + 10 * (count - 1) >= 40 * (count - 1), "One image fewer would do."
    assert pays_from(90, 10, 40) == 4, (
        "At 3 both sides are equal, and fewer was asked for."
    )


# %% tags=["solution"]
def pays_from(network, small, rival):
    return network // (rival - small) + 1 if rival > small else None


print(f"{pays_from(1_842_130, 1100, 2300):,} images")

# %% [markdown] tags=["solution"]
# With files of 1,100 and 2,300 bytes, thousands. The larger the images, the sooner: what is saved
# grows with the pixels, the network doesn't.


# %% tags=["wrong"] says="When does it pay"
def pays_from(network, small, rival):
    return int(network // abs(rival - small)) + 1 if rival != small else None


# %% tags=["wrong"] says="and fewer was asked for"
def pays_from(network, small, rival):
    return -(-network // (rival - small)) if rival > small else None


# %% [markdown]
# **2. All levels.** ASTC has 16 bytes for each block, and a block is never shared or cut. Write
# `chain_bytes(side, block)`: the bytes of a square texture of `side` pixels, a power of two, with
# all its mipmaps down to 1 × 1, in blocks of `block` × `block` pixels.

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("chain_bytes"):
    assert chain_bytes(1, 4) == 16, "One pixel takes a whole block."
    assert chain_bytes(8, 4) != 64, "That is the largest level alone."
    assert chain_bytes(8, 4) == 16 * (4 + 1 + 1 + 1), (
        "List the blocks of 8, 4, 2 and 1."
    )
    assert chain_bytes(256, 12) > 16 * 22**2 * 4 / 3, (
        "Which blocks are only partly filled?"
    )


# %% tags=["solution"]
def chain_bytes(side, block):
    sides = [side >> n for n in range(side.bit_length())]
    return sum(16 * (-(-x // block)) ** 2 for x in sides)


for side in (256, 64):
    print(f"{side} pixels: {chain_bytes(side, 12):,} bytes in 12 × 12")

# %% [markdown] tags=["solution"]
# The quarter-size texture has more than a sixteenth: blocks at the edge are partly empty, and the
# smallest levels take a whole block each.


# %% tags=["wrong"] says="takes a whole block"
def chain_bytes(side, block):
    return 16 * (side / block) ** 2 * 4 / 3


# %% tags=["wrong"] says="largest level alone"
def chain_bytes(side, block):
    return 16 * (-(-side // block)) ** 2


# %% [markdown]
# **3. One number for two curves.** Engineers of video compare codecs by the *BD-rate*. Write
# `mean_ratio(ours, theirs)`, for two lists of `(bits, psnr)` by rising bits: over the range of
# PSNR that both reach, the mean logarithm of the ratio of our bits to theirs at equal PSNR, and
# of that the exponential. 0.5 says: half of the bits. Interpolate the logarithm of the bits.

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("mean_ratio"):
    theirs = [(0.2, 30.0), (0.4, 33.0), (0.8, 36.0)]
    half = [(bits / 2, psnr) for bits, psnr in theirs]
    found = mean_ratio(half, theirs)
    assert abs(found - 2) > 1e-3, "That is their bits over ours."
    assert abs(found - 0.5) < 1e-3, "Half of the bits everywhere is a ratio of 0.5."
    longer = [(0.01, 10.0), *half, (4.0, 50.0)]
    assert abs(mean_ratio(longer, theirs) - 0.5) < 1e-3, "Stay where both curves are."
    mixed = [(0.4, 30.0), (0.4 + 1e-9, 33.0), (0.4 + 2e-9, 36.0)]
    assert abs(mean_ratio(mixed, theirs) - 1) < 1e-2, "Average logarithms, not ratios."


# %% tags=["solution", "nbval-ignore-output"]
def mean_ratio(ours, theirs):
    rows = [np.transpose(row) for row in (ours, theirs)]
    ends = max(x[1][0] for x in rows), min(x[1][-1] for x in rows)
    psnr = np.linspace(*ends, 1001)
    logs = [np.interp(psnr, x[1], np.log(x[0])) for x in rows]
    return np.exp(np.mean(logs[0] - logs[1]))


def points(name, method):
    return [(x.bits, x.psnr) for x in curves[name][method]]


for name in sets:
    print(f"{name}: {mean_ratio(points(name, 'AVIF'), points(name, 'WebP')):.2f}")
    assert mean_ratio(points(name, "AVIF"), points(name, "WebP")) < 0.9

# %% [markdown] tags=["solution"]
# AVIF needs three quarters or so of WebP's bits. One number hides where the curves cross: for our
# small files the chart says more.


# %% tags=["wrong"] says="their bits over ours"
def mean_ratio(ours, theirs):
    psnr = np.linspace(30, 36, 1001)
    logs = [
        np.interp(psnr, *np.transpose([(p, np.log(b)) for b, p in x]))
        for x in (ours, theirs)
    ]
    return np.exp(np.mean(logs[1] - logs[0]))


# %% tags=["wrong"] says="Stay where both curves are"
def mean_ratio(ours, theirs):
    psnr = np.linspace(min(p for _, p in ours), max(p for _, p in ours), 1001)
    logs = [
        np.interp(psnr, *np.transpose([(p, np.log(b)) for b, p in x]))
        for x in (ours, theirs)
    ]
    return np.exp(np.mean(logs[0] - logs[1]))


# %% tags=["wrong"] says="Average logarithms"
def mean_ratio(ours, theirs):
    ends = max(x[0][1] for x in (ours, theirs)), min(x[-1][1] for x in (ours, theirs))
    psnr = np.linspace(*ends, 1001)
    bits = [
        np.exp(np.interp(psnr, *np.transpose([(p, np.log(b)) for b, p in x])))
        for x in (ours, theirs)
    ]
    return np.mean(bits[0] / bits[1])


# %% [markdown]
# ## Papers
#
# - G. Wallace, [*The JPEG still picture compression
#   standard*](https://doi.org/10.1109/30.125072), 1992.
# - Y. Blau and T. Michaeli, [*Rethinking lossy compression: the rate-distortion-perception
#   tradeoff*](https://arxiv.org/abs/1901.07821), 2019: the third axis of your chart.
# - L. Williams, [*Pyramidal parametrics*](https://doi.org/10.1145/964967.801126), 1983: mipmaps.
# - J. Nystad and others, [*Adaptive scalable texture
#   compression*](https://doi.org/10.2312/EGGH/HPG12/105-114), 2012: ASTC.
# - K. Vaidyanathan and others, [*Random-access neural compression of material
#   textures*](https://arxiv.org/abs/2305.17105), 2023.
# - L. Xiao and others, [*Neural supersampling for real-time
#   rendering*](https://doi.org/10.1145/3386569.3392376), 2020.
# - J. Ballé and others, [*Variational image compression with a scale
#   hyperprior*](https://arxiv.org/abs/1802.01436), 2018.
# - F. Mentzer and others, [*High-fidelity generative image
#   compression*](https://arxiv.org/abs/2006.09965), 2020.
