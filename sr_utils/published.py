"""The networks of the papers at x4: their layers, cost, year and published Set5 score.

Lesson 2 draws them. Costs are counted here from the layers that the papers describe.
"""

from types import MappingProxyType
from typing import NamedTuple


class Method(NamedTuple):
    """A method with its published score.

    Attributes:
        year: Of its publication.
        set5: PSNR on Set5 at x4 in dB, by the protocol; `None` where none is published.
        cost: Multiplications for each pixel of the result; `None` where they don't
            describe the method.
        note: Its kind, in a word or two.
    """

    year: int
    set5: float | None
    cost: int | None
    note: str = ""


def price(*convolutions):
    """Multiplications of convolutions for each pixel of a result, at x4.

    Args:
        *convolutions: `(width, inputs, outputs, size)`: of the kernel, in channels
            before and after, and how many times as wide as the input the image is that
            it works on: 1, 2 or 4.
    """
    return round(sum(k**2 * m * n * (size / 4) ** 2 for k, m, n, size in convolutions))


def _residual_network(width, filters, blocks):
    """The convolutions of SRResNet and EDSR; `width` is that of the outer kernels."""
    inside = [(3, filters, filters, 1)] * (2 * blocks + 1)
    enlarging = [(3, filters, 4 * filters, size) for size in (1, 2)]
    return [(width, 3, filters, 1), *inside, *enlarging, (width, filters, 3, 4)]


_SRCNN = price((9, 1, 64, 4), (1, 64, 32, 4), (5, 32, 1, 4))
_LARGE_SRCNN = price((9, 1, 64, 4), (5, 64, 32, 4), (5, 32, 1, 4))
_ESPCN = price((5, 1, 64, 1), (3, 64, 32, 1), (3, 32, 16, 1))
_VDSR = price((3, 1, 64, 4), *[(3, 64, 64, 4)] * 18, (3, 64, 1, 4))
_SRRESNET = price(*_residual_network(9, 64, 16))
_EDSR = price(*_residual_network(3, 256, 32))
_SWIN_LAYER = 8 * 180**2 + 2 * 8**2 * 180  # 180 channels, windows of 8 x 8
_SWINIR = round(36 * _SWIN_LAYER / 16) + price(
    *((3, 3, 180, 1), *[(3, 180, 180, 1)] * 7, (3, 180, 64, 1)),
    *((3, 64, 256, 1), (3, 64, 256, 2), (3, 64, 3, 4)),
)

# Scores: VDSR's and EDSR's tables; the first SRCNN, ESPCN, SRResNet and SwinIR: theirs.
METHODS = MappingProxyType(
    {
        "sparse coding": Method(2010, None, None, "dictionary"),
        "A+": Method(2014, 30.28, None, "dictionary"),
        "SRCNN": Method(2014, 30.09, _SRCNN),
        "larger SRCNN": Method(2015, 30.48, _LARGE_SRCNN),
        "ESPCN": Method(2016, 30.90, _ESPCN),
        "VDSR": Method(2016, 31.35, _VDSR),
        "SRResNet": Method(2017, 32.05, _SRRESNET),
        "EDSR": Method(2017, 32.46, _EDSR),
        "SwinIR": Method(2021, 32.92, _SWINIR, "transformer"),
        "SR3": Method(2021, None, None, "diffusion"),
    }
)
BICUBIC = 28.42  # dB on Set5 at x4

LAYERS = MappingProxyType(
    {
        "SRCNN": (
            ("bicubic ×4", 4),
            ("9 × 9\n64 channels", 4),
            ("1 × 1\n32 channels", 4),
            ("5 × 5\n1 channel", 4),
        ),
        "ESPCN": (
            ("5 × 5\n64 channels", 1),
            ("3 × 3\n32 channels", 1),
            ("3 × 3\n16 channels", 1),
            ("shuffle ×4", 4),
        ),
        "SRResNet": (
            ("9 × 9\n64 channels", 1),
            ("16 residual\nblocks", 1),
            ("3 × 3, 256\nshuffle ×2", 2),
            ("3 × 3, 256\nshuffle ×2", 4),
            ("9 × 9\n3 channels", 4),
        ),
    }
)
