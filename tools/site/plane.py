"""The perception-distortion plane of the front page, from the README's scoreboard."""

import re

from sr_utils import plots
from tools.site import ROOT

_ROW = re.compile(
    r"^\| ([^|]+) \| (\d+\.\d+) / [^|]+\|.*\| (\d+\.\d+) \| [^|]+\|$", re.M
)
_LABEL = "Fréchet distance: lower looks more real"
_NEAR = (0.5, 10)  # in dB and distance: too near for a label between two points


def points(readme=ROOT / "README.md"):
    """Method to `(psnr, frechet)`: dB on the held-out set, and distance there."""
    rows = _ROW.findall(readme.read_text(encoding="utf-8"))
    return {method: (float(psnr), float(far)) for method, psnr, far in rows}


def draw(folder):
    """Write `plane.png`, and `plane.md` that shows it with its alt text."""
    found = points()
    closest = max(found, key=lambda method: found[method][0])
    realest = min(found, key=lambda method: found[method][1])
    alt = (
        f"Methods by PSNR and Fréchet distance: {closest} is closest to the originals "
        f"with {found[closest][0]} dB, {realest} looks most like photographs with a "
        f"distance of {found[realest][1]}."
    )
    picture = plots.plane(found, y_label=_LABEL, alt=alt)
    _make_room(picture.figure.axes[0].texts, found)
    (folder / "plane.png").write_bytes(picture.png())
    (folder / "plane.md").write_text(f"![{alt}](/parts/plane.png)\n", encoding="utf-8")


def _make_room(labels, found):
    """Move a label to the left of its point where another point is to the right."""
    for label in labels:
        x, y = found[label.get_text()]
        if any(
            0 < u - x < _NEAR[0] and abs(v - y) < _NEAR[1] for u, v in found.values()
        ):
            label.set(position=(-9, 0), horizontalalignment="right")
