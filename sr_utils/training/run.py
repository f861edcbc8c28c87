"""Training that can stop at any moment and ends with the same weights.

What makes that true: batch n depends on the seed and n only, and weights, optimizer,
step number and history are stored in one file, written beside its place and renamed.
"""

import contextlib
import hashlib
import io
import itertools
import json
import math
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from .. import architecture, datasets, models, runtime
from ..photo_files.atomic import write_whole
from ..scoreboard import Scoreboard
from .recipes import updated


class Run:
    """A training run and its folder: state, best network so far, and at last its card.

    Args:
        name: Of the checkpoint.
        recipe: `recipes.Recipe`.
        folder: `pathlib.Path`, created if needed. The state of an earlier, stopped run
            of the same recipe in it is taken up.
        command: The command line that makes the checkpoint, for its card.

    Raises:
        FileNotFoundError: If a set of the recipe isn't on this machine.
        FloatingPointError: From `finish`, if the loss isn't finite.
        ValueError: If the folder holds a damaged state or that of another recipe.
    """

    def __init__(self, name, recipe, folder, command=None):
        self.name, self.recipe = name, recipe
        self.command = command or f"python -m sr_utils.training {name}"
        self.batches = recipe.batches()
        keras.utils.set_random_seed(recipe.seed)
        self.model = recipe.trainable()
        self.network = recipe.trained(self.model)
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.history = []
        self.board = Scoreboard({"validation": recipe.validation()}, recipe.scale)
        if self._state.is_file():
            self._restore()

    @property
    def _state(self):
        return self.folder / "state.npz"

    @property
    def step(self):
        """Number of steps taken."""
        return int(self.model.optimizer.iterations)

    def finish(self):
        """Train to the end of the recipe, then write the checkpoint's card."""
        with tqdm(
            total=self.recipe.steps, initial=self.step, desc=self.name, unit="step"
        ) as bar:
            while self.step < self.recipe.steps:
                self._advance(bar)
                bar.set_postfix_str(f"{self.history[-1]['psnr']:.2f} dB")
        self._describe()

    def _advance(self, bar):
        """Train until the next validation, validate, store the state."""
        start = time.perf_counter()
        steps = min(self.recipe.every, self.recipe.steps - self.step)
        for low, high in itertools.islice(self.batches(self.step), steps):
            logs = self.model.train_on_batch(low, high, return_dict=True)
            self._check_loss(logs["loss"])
            bar.update()
        seconds = time.perf_counter() - start
        with self._averaged():
            self._validate(seconds)
        self._store()

    def _validate(self, seconds):
        """Score the network as it is, and store it if it is the one to keep."""
        self.board.add(self.name, models.upscaler(self.network))
        psnr = self.board.mean(self.name, "validation").psnr
        best = max((entry["psnr"] for entry in self.history), default=-math.inf)
        self.history.append({"step": self.step, "psnr": psnr, "seconds": seconds})
        if psnr > best or self.recipe.select == "last":
            self._store_network()

    @contextlib.contextmanager
    def _averaged(self):
        """For a while, the network has its averaged weights, if the recipe asks so."""
        if self.recipe.average is None:
            yield
            return
        weights = self.network.get_weights()
        self.model.optimizer.finalize_variable_values(self.model.trainable_variables)
        try:
            yield
        finally:
            self.network.set_weights(weights)

    def _check_loss(self, loss):
        if not math.isfinite(loss):
            stored = (
                f"Stored is step {self.history[-1]['step']}." if self.history else ""
            )
            raise FloatingPointError(
                f"Expected a finite loss; a lower learning rate may help. {stored} "
                f"Received: {loss} in step {self.step}"
            )

    def _store_network(self):
        """Write the network in float32 without optimizer, in one go."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "network.keras")
            architecture.in_float32(self.network).save(path)
            write_whole(self.folder / f"{self.name}.keras", path.read_bytes())

    def _identity(self):
        """What two runs must share to end with the same weights, on one machine."""
        return {
            "recipe": self.recipe.describe(),
            "precision": self.network.dtype_policy.name,
        }

    def _variables(self):
        optimizers = getattr(self.model, "optimizers", [self.model.optimizer])
        return [*self.model.variables, *(v for x in optimizers for v in x.variables)]

    def _store(self):
        """Write everything the next step depends on, in one go."""
        arrays = [keras.ops.convert_to_numpy(x.value) for x in self._variables()]
        about = self._identity() | {"history": self.history}
        stored = io.BytesIO()
        np.savez(stored, *arrays, about=json.dumps(about))
        write_whole(self._state, stored.getvalue())

    def _restore(self):
        try:
            with self._state.open("rb") as file, np.load(file) as stored:
                about = json.loads(str(stored["about"]))
                arrays = [stored[f"arr_{i}"] for i in range(len(stored) - 1)]
        except Exception as error:  # zip, NumPy and JSON raise many types
            raise ValueError(
                f"Expected the state of a stopped run ({error}); delete it to begin "
                f"anew. Received: {self._state}"
            ) from error
        self.history = about.pop("history")
        about["recipe"] = updated(about["recipe"])
        if about != self._identity():
            raise ValueError(
                f"Expected the state of a run of {self._identity()}; give another "
                f"folder. Received: {self._state} of {about}"
            )
        for variable, array in zip(self._variables(), arrays, strict=True):
            variable.assign(array)

    def _describe(self):
        """Score the best network on every set of this machine; write its model card."""
        path = self.folder / f"{self.name}.keras"
        network = keras.saving.load_model(path, compile=False)
        sets = {"held-out": datasets.held_out()} | datasets.available("Set5", "Set14")
        layers = ["block3_conv1", "block2_conv2"] if self.recipe.perceptual else []
        board = Scoreboard(sets, self.recipe.scale, layers)
        board.add(self.name, models.upscaler(network), architecture.cost(network))
        print(board)
        card = {
            "name": self.name,
            "command": self.command,
            "recipe": self.recipe.describe(),
            "data": self.recipe.terms(),
            "machine": runtime.machine(),
            "precision": self.network.dtype_policy.name,
            "seconds": round(sum(entry["seconds"] for entry in self.history)),
            **architecture.cost(network)._asdict(),
            "protocol": board.protocol,
            "scores": {key: _rounded(board.mean(self.name, key)) for key in sets},
            "perception": [self._perception(board, layer) for layer in layers],
            "chosen": self._chosen(),
            "validation": [[x["step"], round(x["psnr"], 3)] for x in self.history],
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        text = json.dumps(card, indent=2) + "\n"
        write_whole(self.folder / f"{self.name}.json", text.encode())

    def _chosen(self):
        """The step whose network is the checkpoint."""
        if self.recipe.select == "last":
            return self.step
        return max(self.history, key=lambda entry: entry["psnr"])["step"]

    def _perception(self, board, layer):
        """What a layer of VGG19 sees of the results, for the card."""
        scores = {
            name: _rounded(board.perception(self.name, name, layer))
            for name in board.sets
        }
        return {"protocol": board.perception_protocol(layer), "scores": scores}


def _rounded(score):
    """A named tuple of scores as a dictionary of numbers with four decimals."""
    return {name: round(float(x), 4) for name, x in score._asdict().items()}
