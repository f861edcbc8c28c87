"""Where the trained networks of the course are; `models.load_checkpoint` loads them."""

from pathlib import Path

_PROJECT = Path(__file__).parents[1]
FOLDER = (
    _PROJECT / "data" / "checkpoints"
    if (_PROJECT / "pyproject.toml").is_file()
    else Path(__file__).parent / "checkpoints"
)


def names(folder=FOLDER):
    """The names of the checkpoints that have a model card in `folder`, sorted."""
    return sorted(path.stem for path in folder.glob("*.json"))
