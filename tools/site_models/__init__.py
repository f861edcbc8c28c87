"""Our networks for the browser: what the site's page that enlarges photographs loads.

`python -m tools.site_models OUT` exports the checkpoints to ONNX, takes ONNX Runtime
from npm, and writes all that the page needs into OUT, with a plain page of its own,
`OUT/index.html`. It needs the packages of `site/requirements.txt` and npm.

- networks: checkpoints as ONNX, and what the page says about them
- scripts: modules and data as scripts that work from disk
- build: all files of the page
"""
