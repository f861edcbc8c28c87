"""Helpers shared by the notebooks of the super-resolution course.

An image is a float32 array in [0, 1], RGB, of shape `(height, width, 3)`; a gray one
has shape `(height, width, 1)`. What a lesson derives names that lesson.
"""

__version__ = "0.1.0"
