"""Our networks for the browser: what the site's page that enlarges photographs loads.

`python -m tools.site_models OUT` exports the checkpoints to ONNX, fetches ONNX Runtime
from npm, and writes all that the page needs into OUT, with a plain page of its own,
`OUT/index.html`. It needs the packages of `site/requirements-upscale.txt` and npm.
"""
