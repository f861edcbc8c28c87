"""Helpers shared by the notebooks of the super-resolution course.

Images are float32 arrays in [0, 1], RGB, of shape `(height, width, 3)`, everywhere.
Each public function names the lesson that derives it.
"""

__version__ = "0.1.0"
