"""One color for each method in the graphs of all lessons.

A label that isn't here gets the next color of the style.
"""

COLORS = {
    "original": "#000000",
    "nearest": "#D55E00",
    "bilinear": "#E69F00",
    "bicubic": "#0072B2",
    "lanczos3": "#009E73",
    "sinc": "#888888",
    "SRCNN": "#CC79A7",
    "ESPCN": "#56B4E9",
    "ESPCN, residual": "#5E3C99",
    "SRResNet": "#882255",
    "single layer": "#999933",
    "SRResNet, pixel loss": "#882255",
    "SRResNet, feature loss": "#117733",
    "SRGAN, this notebook": "#D55E00",
    "SRGAN, checkpoint": "#0072B2",
    "photographs": "#0072B2",
    "generated": "#D55E00",
    "bicubic + noise": "#777777",
    "JPEG": "#000000",
    "WebP": "#888888",
    "AVIF": "#0072B2",
    "full size": "#000000",
    "half, lanczos3": "#009E73",
    "half, SRResNet": "#CC79A7",
    "quarter, lanczos3": "#E69F00",
    "quarter, SRResNet": "#882255",
    "quarter, SRGAN": "#D55E00",
    "SRGAN": "#D55E00",
}
