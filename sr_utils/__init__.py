"""Helpers shared by the notebooks of the super-resolution course, room by room.

- runtime: quiet start, seeds, precision, budget
- images, resize: arrays and how they get larger and smaller
- datasets, downloads, patches, degradations: photographs to learn from
- layers, models, architecture: networks, and what they add up to
- losses, vgg, perceptual, srgan: what networks are asked for
- metrics, scoreboard: how results are measured
- tiling, ahead, export, pretrained: networks at work
- pictures, plots, method_colors, widgets, progress: what a reader sees
- diagrams, published, evidence: drawn networks, what papers report, stored tables
- checks: what the check of an exercise replies
- training/, photo_files/, cli/, grading/: what no lesson imports

An image is a float32 array in [0, 1], RGB, of shape `(height, width, 3)`; a gray one
has shape `(height, width, 1)`. What a lesson derives names that lesson.
"""

__version__ = "0.2.0"
