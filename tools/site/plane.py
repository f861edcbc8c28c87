"""The perception-distortion plane of the front page, from the README's scoreboard."""

import re

from sr_utils import plots
from tools.site import ROOT

_ROW = re.compile(
    r"^\| ([^|]+) \| (\d+\.\d+) / [^|]+\|.*\| (\d+\.\d+) \| [^|]+\|$", re.M
)
_LABEL = "Fréchet distance: lower looks more real"


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
    (folder / "plane.png").write_bytes(picture.png())
    (folder / "plane.md").write_text(f"![{alt}](/parts/plane.png)\n", encoding="utf-8")
