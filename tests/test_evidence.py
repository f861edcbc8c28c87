"""Stored tables: what they say, and that their commands make them again."""

import json
import os
from dataclasses import replace
from math import prod
from statistics import mean

import pytest

from benchmarks import block_formats, choices, clean_share, twins
from sr_utils import evidence, vgg

ROWS = {
    "one": {"steps": 3, "results": [1.0, 2.0, 6.0]},
    "other": {"steps": 4, "results": [0.5, 0.25, 0.0]},
}
ABOUT = {"measured": "Apples.", "command": "python -m x", "seeds": [4, 5, 6]}


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "FOLDER", tmp_path / "tables")
    return evidence.write("fruit", ROWS, **ABOUT)


def test_a_table_tells_every_seed_and_how_it_was_made(table):
    head, one, other, caption = repr(table).splitlines()
    assert head.split() == ["mean", *["seed", "4", "seed", "5", "seed", "6"]]
    assert one.split() == ["one", "3.00", "1.00", "2.00", "6.00"]
    assert other.split() == ["other", "0.25", "0.50", "0.25", "0.00"]
    assert caption.startswith("Apples. Measured on Keras ")
    assert caption.endswith("by `python -m x`.")
    html = table._repr_html_()
    assert html.count("<tr>") == 3
    assert "<td>6.00</td>" in html
    assert "<th>seed 5</th>" in html


def test_rows_can_be_chosen(table):
    chosen = table.select("other")
    assert list(chosen.rows) == ["other"]
    assert chosen.caption == table.caption
    assert table.results("one") == [1, 2, 6]


def test_a_table_without_seeds_tells_its_columns(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "FOLDER", tmp_path)
    about = {"measured": "Apples.", "command": "python -m x"}
    rows = {"one": {"results": [0.0566, 29.9]}}
    table = evidence.write("columns", rows, **about, columns=["bits", "PSNR"])
    head, one, _ = repr(table).splitlines()
    assert head.split() == ["bits", "PSNR"]
    assert one.split() == ["one", "0.0566", "29.9"]
    assert "<th>PSNR</th>" in table._repr_html_()


def test_an_unknown_table_is_refused(table):
    with pytest.raises(ValueError, match=r"in \['fruit'\]. Received: 'vegetables'"):
        evidence.load("vegetables")


def test_a_stored_row_is_kept_unless_its_settings_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "FOLDER", tmp_path)
    trained = []

    def result(recipe):
        trained.append(recipe)
        return 1.0

    choices.main(result)
    assert len(trained) == 3 * len(choices.ROWS)
    path = tmp_path / "choices.json"
    stored = json.loads(path.read_text())
    stored["rows"]["ReLU"]["steps"] += 1
    path.write_text(json.dumps(stored))
    choices.main(result)
    again = trained[3 * len(choices.ROWS) :]
    assert again == [replace(choices.ROWS["ReLU"], seed=seed) for seed in choices.SEEDS]


def test_the_stored_choices_are_those_of_the_benchmark():
    stored = evidence.load(choices.NAME)
    assert set(stored.rows) == set(choices.ROWS)
    for name, recipe in choices.ROWS.items():
        assert stored.rows[name].items() >= choices.settings(recipe).items()
        assert len(stored.results(name)) == len(choices.SEEDS) == 3


def test_each_choice_changes_one_thing():
    first = choices.settings(choices.ROWS["SRResNet"])
    for name in ("single layer", "ReLU", "squared error"):
        other = choices.settings(choices.ROWS[name])
        assert sum(first[key] != other[key] for key in first) == 1


@pytest.mark.slow
def test_a_row_can_be_made_again():
    stored, name = evidence.load(choices.NAME), "ESPCN, residual"
    again = choices.result(choices.ROWS[name])
    assert abs(again - stored.results(name)[0]) < 0.1
    assert abs(again - mean(stored.results("ESPCN"))) > 0.3


def test_the_stored_twins_are_those_of_the_benchmark():
    stored = evidence.load(twins.NAME)
    kinds = {"PSNR", "grid", *twins.LAYERS}
    assert set(stored.rows) == {f"{x}: {y}" for x in twins.TRAININGS for y in kinds}
    for name, row in stored.rows.items():
        recipe = twins.TRAININGS[name.rsplit(": ", 1)[0]]
        assert row.items() >= twins.settings(recipe).items()
        assert len(row["results"]) == len(choices.SEEDS)


def test_stored_twins_are_kept_unless_their_settings_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "FOLDER", tmp_path)
    trained = []

    def result(recipe):
        trained.append(recipe)
        return {"PSNR": 1.0, "grid": 2.0}

    twins.main(result)
    assert len(trained) == 3 * len(twins.TRAININGS)
    path, name = tmp_path / "twins.json", "60 steps, constraint"
    stored = json.loads(path.read_text())
    stored["rows"][f"{name}: PSNR"]["steps"] += 1
    path.write_text(json.dumps(stored))
    twins.main(result)
    again = trained[3 * len(twins.TRAININGS) :]
    assert again == [replace(twins.TRAININGS[name], seed=x) for x in choices.SEEDS]


def test_the_four_cells_of_the_control_change_steps_and_constraint_only():
    first = twins.settings(twins.TRAININGS["60 steps"])
    cells = {
        "60 steps, constraint": {"options"},
        "300 steps": {"steps"},
        "300 steps, constraint": {"options", "steps"},
    }
    for name, changed in cells.items():
        other = twins.settings(twins.TRAININGS[name])
        assert {key for key in first if first[key] != other[key]} == changed


@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get(vgg.WEIGHTS_VARIABLE, "none") == "none",
    reason=f"{vgg.WEIGHTS_VARIABLE} doesn't name weights of VGG19",
)
def test_a_twin_can_be_trained_again():
    stored, name = evidence.load(twins.NAME), "60 steps, constraint"
    again = twins.result(twins.TRAININGS[name])
    for kind, margin in {"PSNR": 0.1, "grid": 0.5}.items():
        assert abs(again[kind] - stored.results(f"{name}: {kind}")[0]) < margin, kind
    for layer in twins.LAYERS:
        expected = stored.results(f"{name}: {layer}")[0]
        assert again[layer] == pytest.approx(expected, rel=0.1)
    assert again["grid"] < min(stored.results("60 steps: grid")) - 0.5


def test_the_stored_shares_are_those_of_the_benchmark():
    stored, trainings = evidence.load(clean_share.NAME), clean_share.TRAININGS
    assert set(stored.rows) == {
        f"{x}: {y}" for x in trainings for y in clean_share.CONDITIONS
    }
    for name, row in stored.rows.items():
        recipe = trainings[name.rsplit(": ", 1)[0]]
        assert row.items() >= clean_share.settings(recipe).items()
        assert len(row["results"]) == len(choices.SEEDS)


def test_the_trainings_of_the_shares_differ_in_their_pairs_only():
    recipes = [replace(x, degrade=None) for x in clean_share.TRAININGS.values()]
    assert all(recipe == recipes[0] for recipe in recipes)
    degradations = {x.degrade for x in clean_share.TRAININGS.values()}
    assert len(degradations) == len(recipes)


@pytest.mark.slow
def test_a_share_can_be_trained_again():
    stored, name = evidence.load(clean_share.NAME), "none clean"
    again = clean_share.result(clean_share.TRAININGS[name])
    for kind, score in again.items():
        assert abs(score - stored.results(f"{name}: {kind}")[0]) < 0.3
        assert abs(score - mean(stored.results(f"all clean: {kind}"))) > 0.5


def stored_bits(images, scale, side):
    """Bits per pixel by the definition of ASTC, 128 for a block, or of RGBA8."""
    sizes = [[n - n % 4 for n in image.shape[:2]] for image in images]
    blocks = [[-(-n // (scale * (side or 1))) for n in size] for size in sizes]
    return (128 if side else 32) * sum(map(prod, blocks)) / sum(map(prod, sizes))


def test_the_stored_formats_are_those_of_the_benchmark():
    stored, expected = evidence.load(block_formats.NAME), {}
    for name, images in block_formats.sets().items():
        for kept, way in block_formats.WAYS.items():
            for kind in block_formats.formats(way):
                side = None if kind == block_formats.UNCOMPRESSED else kind
                bits = stored_bits(images.values(), way.scale, side)
                expected[block_formats.row_name(name, kept, kind)] = bits
    assert {x: stored.results(x)[0] for x in stored.rows} == pytest.approx(
        expected, abs=1e-4
    )
    assert stored.about["columns"] == block_formats.COLUMNS


@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get(vgg.WEIGHTS_VARIABLE, "none") == "none",
    reason=f"{vgg.WEIGHTS_VARIABLE} doesn't name weights of VGG19",
)
def test_an_uncompressed_texture_can_be_measured_again():
    stored, kept = evidence.load(block_formats.NAME), "quarter, SRGAN"
    row = ("textures", kept, block_formats.UNCOMPRESSED)
    board, way = block_formats.scoreboard(), block_formats.WAYS[kept]
    again = block_formats.measure(board, row[0], way, row[2])
    found = stored.results(block_formats.row_name(*row))
    assert again == pytest.approx(found, rel=0.01)
    other = stored.results(block_formats.row_name("textures", "quarter, SRGAN", 4))
    assert again != pytest.approx(other, rel=0.01)
