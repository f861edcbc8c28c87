"""Degradations: each against an independent computation, repeatable, within ranges."""

import io
import itertools
from functools import partial

import numpy as np
import pytest
import scipy.ndimage
from PIL import Image

from sr_utils import datasets, degradations, images
from sr_utils import resize as plain
from sr_utils.degradations import CONDITIONS

SCALED = {
    **CONDITIONS,
    "first order": degradations.first_order,
    "some steps": degradations.some_steps,
    "partly clean": degradations.partly_clean,
    "any order": degradations.any_order,
}
STEPS = {
    "blur": degradations.random_blur,
    "resized": partial(degradations.random_resized, size=(17, 31)),
    "gaussian": partial(degradations.gaussian_noise, sigma=5),
    "poisson": partial(degradations.poisson_noise, sigma=5),
    "noise": degradations.random_noise,
    "compressed": degradations.random_compressed,
}


@pytest.fixture(scope="module")
def photograph():
    return datasets.held_out()["chelsea"][100:196, 80:208]


def flat(value, side=200):
    return np.full((side, side, 3), value, "float32")


def blob(side, row, column, width):
    rows, columns = np.mgrid[:side, :side] + 0.5
    light = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 2 / width**2)
    return np.repeat(light[..., None], 3, axis=-1).astype("float32")


def center(image):
    """The center of gravity, in parts of the height and of the width."""
    light = image.mean(axis=-1, dtype="float64")
    rows, columns = ((np.arange(side) + 0.5) / side for side in light.shape)
    return np.array([rows @ light.sum(1), columns @ light.sum(0)]) / light.sum()


def moments(weights):
    """Covariance of `(right, up)` under weights around their center."""
    reach = len(weights) // 2
    up, right = np.mgrid[reach : -reach - 1 : -1, -reach : reach + 1]
    offsets = np.stack([right, up]).reshape(2, -1)
    return (offsets * weights.ravel()) @ offsets.T


def spy(monkeypatch, name):
    """The arguments of all calls of one function, which then does what it did."""
    calls, function = [], getattr(degradations, name)

    def noted(*args, **options):
        calls.append((args, options))
        return function(*args, **options)

    monkeypatch.setattr(degradations, name, noted)
    return calls


def check_fills(values, low, high):
    """Whether draws look uniform: inside, near both ends, with the right mean."""
    assert low <= min(values) and max(values) <= high
    margin = 0.1 * (high - low)
    assert min(values) < low + margin and max(values) > high - margin
    assert abs(np.mean(values) - (low + high) / 2) < margin


@pytest.mark.parametrize("widths", [(1, 1), (2.5, 2.5), (3, 1), (1.2, 4)])
@pytest.mark.parametrize("angle", [0, 30, 90, 135])
def test_a_blurred_point_has_the_widths_and_the_angle(widths, angle):
    point = np.zeros((81, 81, 3), "float32")
    point[40, 40] = 1
    kernel = degradations.gaussian_kernel(*widths, angle)
    spread = degradations.blur(point, kernel)
    turn = np.radians(angle)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    expected = axes @ np.diag(np.square(widths)) @ axes.T
    for channel in range(3):
        measured = moments(spread[..., channel].astype("float64"))
        np.testing.assert_allclose(measured, expected, atol=0.01 * max(widths) ** 2)
    np.testing.assert_allclose(spread.sum(axis=(0, 1)), 1, atol=1e-4)


def test_blur_equals_scipy(photograph, rng):
    kernel = rng.random((7, 5))
    kernel /= kernel.sum()
    expected = np.stack(
        [
            scipy.ndimage.convolve(photograph[..., channel], kernel, mode="reflect")
            for channel in range(3)
        ],
        axis=-1,
    )
    np.testing.assert_allclose(
        degradations.blur(photograph, kernel), expected, atol=2e-6
    )
    turned = degradations.blur(photograph, kernel[::-1, ::-1])
    assert np.abs(turned - expected).max() > 0.01  # a correlation would be another


def test_round_blur_equals_scipy(photograph):
    kernel = degradations.gaussian_kernel(1.7)
    expected = scipy.ndimage.gaussian_filter(photograph, (1.7, 1.7, 0), truncate=4)
    np.testing.assert_allclose(
        degradations.blur(photograph, kernel), expected, atol=5e-4
    )


def test_blur_of_an_image_smaller_than_the_kernel():
    small = np.linspace(0, 1, 12, dtype="float32").reshape(2, 2, 3)
    kernel = degradations.gaussian_kernel(3)
    around = np.pad(small, ((12, 12), (12, 12), (0, 0)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(around, (25, 25), (0, 1))
    expected = np.einsum("hwcij,ij->hwc", windows, kernel)
    np.testing.assert_allclose(degradations.blur(small, kernel), expected, atol=1e-6)


def test_random_blur_fills_its_ranges(monkeypatch):
    drawn = spy(monkeypatch, "gaussian_kernel")
    for seed in range(300):
        degradations.random_blur(flat(0.5, 4), seed)
    drawn = [args for args, _ in drawn]
    turned = [args for args in drawn if len(args) == 3]
    assert abs(len(turned) / 300 - 0.5) < 0.1
    check_fills([args[0] for args in drawn], 0.2, 3)
    check_fills([args[1] for args in turned], 0.2, 3)
    check_fills([args[2] for args in turned], 0, 180)


@pytest.mark.parametrize("sigma", [1, 5, 30])
def test_gaussian_noise_has_its_strength_and_independent_channels(sigma):
    noise = 255 * (degradations.gaussian_noise(flat(0.5), sigma, 0) - 0.5)
    assert np.abs(noise.std(axis=(0, 1)) / sigma - 1).max() < 0.02
    assert np.abs(noise.mean(axis=(0, 1))).max() < 0.02 * sigma
    between = np.corrcoef(noise.reshape(-1, 3).T) - np.eye(3)
    assert np.abs(between).max() < 0.02
    beside = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())
    assert abs(beside[0, 1]) < 0.02


@pytest.mark.parametrize("value", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("sigma", [5, 20])
def test_poisson_noise_grows_with_brightness(value, sigma):
    noise = 255 * (degradations.poisson_noise(flat(value), sigma, 0) - value)
    variance = noise.var(axis=(0, 1), dtype="float64")
    assert np.abs(variance / (value * sigma**2) - 1).max() < 0.04
    assert np.abs(noise.mean(axis=(0, 1))).max() < 0.03 * sigma
    assert np.abs(np.corrcoef(noise.reshape(-1, 3).T) - np.eye(3)).max() < 0.02


def test_poisson_noise_counts_whole_photons():
    dark = flat(0.02)
    counts = degradations.poisson_noise(dark, 25.5, 0) * 100  # photons in white
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-4)
    assert abs((counts == 0).mean() - np.exp(-2)) < 0.01


@pytest.mark.parametrize(
    "add", [degradations.gaussian_noise, degradations.poisson_noise]
)
def test_gray_noise_is_the_same_in_all_channels(add):
    colored = flat(0.5) * np.float32([0.6, 1, 1.2])
    noise = add(colored, 10, 0, gray=True) - colored
    np.testing.assert_allclose(noise, np.repeat(noise[..., :1], 3, axis=-1), atol=1e-6)
    light = colored[0, 0] @ images.LUMA_WEIGHTS / images.LUMA_WEIGHTS.sum()
    share = light if add is degradations.poisson_noise else 1
    assert abs(255 * noise.std() / (10 * share**0.5) - 1) < 0.02


def test_no_gaussian_noise_is_no_change(photograph):
    np.testing.assert_array_equal(
        degradations.gaussian_noise(photograph, 0, 0), photograph
    )


def test_random_noise_fills_its_ranges(monkeypatch):
    shot, other = (spy(monkeypatch, f"{x}_noise") for x in ("poisson", "gaussian"))
    for seed in range(400):
        degradations.random_noise(flat(0.5, 2), seed)
    assert len(shot) + len(other) == 400 and abs(len(shot) / 400 - 0.5) < 0.1
    for calls in (shot, other):
        check_fills([args[1] for args, _ in calls], 1, 30)
        assert abs(np.mean([options["gray"] for _, options in calls]) - 0.4) < 0.1


EVEN = [(24, 24), (48, 32), (96, 96), (192, 288)]
UNEVEN = [(25, 37), (50, 71), (130, 101)]


@pytest.mark.parametrize(
    ("kernel", "size"),
    [(kernel, size) for kernel in plain.KERNELS for size in EVEN]
    + [(kernel, size) for kernel in degradations.SMOOTH for size in UNEVEN],
)
def test_resizing_moves_nothing(kernel, size):
    image = blob(96, 41.3, 52.8, 6)
    small = degradations.resized(image, size, kernel)
    assert small.shape == (*size, 3) and small.dtype == np.float32
    moved = np.abs(center(small) - center(image)) * size
    assert moved.max() < 0.01  # pixels of the result


def test_a_box_that_does_not_fit_would_move_the_picture():
    image = blob(96, 41.3, 52.8, 6)
    result = degradations.resized(image, (96, 101), "box")
    assert np.abs((center(result) - center(image)) * (96, 101)).max() > 0.1


def test_plain_subsampling_would_move_the_picture():
    image = blob(96, 41.3, 52.8, 6)
    quarter = plain.resize(image, plain.Fraction(1, 4), "nearest")
    moved = (center(quarter) - center(image)) * 24
    np.testing.assert_allclose(moved, -1 / 8, atol=0.02)  # half a pixel of the original


@pytest.mark.parametrize("kernel", plain.KERNELS)
def test_resizing_to_a_quarter_equals_resize(photograph, kernel):
    expected = plain.resize(photograph, plain.Fraction(1, 4), kernel, antialias=True)
    np.testing.assert_allclose(
        degradations.resized(photograph, (24, 32), kernel),
        np.clip(expected, 0, 1),
        atol=1e-6,
    )


def test_each_axis_is_resized_to_its_own_size(photograph):
    result = degradations.resized(photograph, (40, 200), "bilinear")
    channels = [
        Image.fromarray(photograph[..., channel]).resize((200, 40), Image.BILINEAR)
        for channel in range(3)
    ]
    inside = slice(4, -4)  # Pillow doesn't reflect the border
    difference = np.abs(result - np.stack(channels, axis=-1))
    assert difference[inside, inside].max() < 1e-5


@pytest.mark.parametrize("size", [(2, 1), (8, 4), (3, 4), (5, 8)])
def test_every_kernel_that_fits_is_drawn(monkeypatch, size):
    calls = spy(monkeypatch, "resized")
    for seed in range(200):
        degradations.random_resized(flat(0.5, 4), size, seed)
    names, counts = np.unique([args[2] for args, _ in calls], return_counts=True)
    fits = size in [(2, 1), (8, 4)]
    assert set(names) == {"bilinear", "bicubic", "lanczos3", *(["box"] if fits else [])}
    assert counts.min() > 30


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("quality", [1, 30, 95, 100])
def test_compression_equals_the_file_of_pillow(photograph, tmp_path, kind, quality):
    path = tmp_path / f"stored.{kind.lower()}"
    pixels = np.round(photograph * 255).astype("uint8")
    Image.fromarray(pixels).save(path, quality=quality)
    result = degradations.compressed(photograph, quality, kind)
    np.testing.assert_array_equal(
        result, np.asarray(Image.open(path)) / np.float32(255)
    )


def test_random_compression_fills_its_ranges(monkeypatch):
    calls = spy(monkeypatch, "compressed")
    for seed in range(400):
        degradations.random_compressed(flat(0.5, 4), seed)
    for kind, share in (("JPEG", 0.8), ("WEBP", 0.2)):
        drawn = [args[1] for args, _ in calls if args[2] == kind]
        assert abs(len(drawn) / 400 - share) < 0.08
        check_fills(drawn, 30, 95)
    calls.clear()
    for seed in range(40):
        degradations.random_compressed(flat(0.5, 4), seed, qualities=(7, 8))
    assert {args[1] for args, _ in calls} == {7, 8}  # both ends can be drawn


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_repeatable(photograph, name):
    step, before = STEPS[name], photograph.copy()
    first = step(photograph, seed=3)
    assert first.dtype == np.float32 and first.shape[-1] == 3
    assert first.min() >= 0 and first.max() <= 1
    np.testing.assert_array_equal(step(photograph, seed=3), first)
    assert any(
        not np.array_equal(step(photograph, seed=seed), first) for seed in range(4, 8)
    )
    np.testing.assert_array_equal(photograph, before)


@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_degradation_is_repeatable_and_has_8_bits(photograph, name, scale):
    function, before = SCALED[name], photograph.copy()
    low = function(photograph, scale, 2**70)
    assert low.shape == (96 // scale, 128 // scale, 3) and low.dtype == np.float32
    np.testing.assert_array_equal(low, images.quantize(low))
    np.testing.assert_array_equal(function(photograph, scale, 2**70), low)
    np.testing.assert_array_equal(photograph, before)
    others = [function(photograph, scale, seed) for seed in range(1, 9)]
    constant = all(np.array_equal(other, low) for other in others)
    fixed = ("clean", "JPEG", "kernel") if scale == 1 else ("clean", "JPEG")
    assert constant == (name in fixed)


def shift(image, reference):
    """How far `image` lies below and to the right of `reference`, by least squares."""
    slopes = np.gradient(reference.astype("float64"), axis=(0, 1))
    slopes = np.stack(slopes, axis=-1).reshape(-1, 2)
    difference = (reference - image).astype("float64").ravel()
    return np.linalg.lstsq(slopes, difference, rcond=None)[0]


@pytest.mark.parametrize("name", SCALED)
def test_a_degradation_moves_nothing(name):
    image = 0.2 + 0.6 * blob(192, 85.7, 101.2, 14)
    clean = plain.resize(image, plain.Fraction(1, 4))
    results = [SCALED[name](image, 4, seed) for seed in range(40)]
    moved = np.array([shift(result, clean) for result in results])  # pixels
    assert np.abs(np.median(moved, axis=0)).max() < 0.04
    assert np.abs(moved).max() < (0.02 if name in ("clean", "blur", "kernel") else 0.5)
    late = [shift(result, np.roll(clean, 1, axis=1)) for result in results]
    assert abs(np.median(late, axis=0)[1] + 1) < 0.2  # a shift would be seen


def test_clean_is_the_published_protocol(photograph):
    high, low = datasets.pair(photograph, 4)
    np.testing.assert_array_equal(degradations.degrade(high, 4, 0), low)


def test_degrade_is_the_formula(photograph):
    """Blur, then reduction, then noise, then the file, with four other seeds."""
    seen = []

    def step(name, image, seed, size=None):
        seen.append((name, image.shape[0], seed))
        return (
            image[:: len(image) // size[0], :: len(image) // size[0]] if size else image
        )

    names = ("blur", "shrink", "noise", "compress")
    degradations.degrade(photograph, 2, 5, **{x: partial(step, x) for x in names})
    assert [name for name, _, _ in seen] == list(names)
    assert [height for _, height, _ in seen] == [96, 96, 48, 48]
    assert len({seed for _, _, seed in seen}) == 4


def test_conditions_change_one_thing(photograph):
    clean = CONDITIONS["clean"](photograph, 4, 0)
    noise = 255 * (CONDITIONS["noise"](photograph, 4, 0) - clean)
    assert abs(noise.std() - 5) < 0.2
    file = io.BytesIO()
    Image.fromarray(images.to_uint8(clean)).save(file, "JPEG", quality=50)
    np.testing.assert_array_equal(
        images.to_uint8(CONDITIONS["JPEG"](photograph, 4, 0)), Image.open(file)
    )


def test_first_order_draws_each_step_once(photograph, monkeypatch):
    names = ("random_blur", "random_resized", "random_noise", "random_compressed")
    calls = [spy(monkeypatch, name) for name in names]
    degradations.first_order(photograph, 4, 0)
    assert [len(x) for x in calls] == [1, 1, 1, 1]
    degradations.second_order(photograph, 4, 0)
    assert [len(x) for x in calls] == [3, 3, 3, 3]


def test_second_order_fills_its_ranges(monkeypatch):
    blurs, noises = spy(monkeypatch, "random_blur"), spy(monkeypatch, "random_noise")
    for seed in range(150):
        degradations.second_order(flat(0.5, 64), 4, seed)
    assert {x[1]["widths"] for x in blurs[::2]} == {(0.2, 3)}
    assert {x[1]["widths"] for x in blurs[1::2]} == {(0.2, 1.5)}
    assert {x[1]["sigmas"] for x in noises[1::2]} == {(1, 25)}
    halfway = [args[0].shape[0] for args, _ in noises[::2]]
    check_fills(-np.log(np.divide(halfway, 64)) / np.log(4), -0.01, 1.28)
    assert len({x[1]["seed"] for x in blurs + noises}) == 600


def test_partly_clean_leaves_its_share(photograph):
    clean = degradations.degrade(photograph, 4, 0)
    for share in (0, 0.25, 1):
        function = partial(degradations.partly_clean, share=share)
        same = [np.array_equal(function(photograph, 4, n), clean) for n in range(200)]
        assert abs(np.mean(same) - share) < (0.1 if share == 0.25 else 1e-9)


def test_some_steps_draws_each_one_time_in_three(photograph, monkeypatch):
    names = ("random_blur", "random_resized", "random_noise", "random_compressed")
    calls = [spy(monkeypatch, name) for name in names]
    drawn, sigmas = [], set()
    for seed in range(600):
        degradations.some_steps(photograph, 4, seed)
        drawn.append(tuple(len(x) for x in calls))
        sigmas |= {x[1]["sigmas"] for x in calls[2]}
        for x in calls:
            x.clear()
    assert sigmas == {(1, 15)}
    for steps in itertools.product((0, 1), repeat=4):
        share = (1 / 3) ** sum(steps) * (2 / 3) ** (4 - sum(steps))
        deviation = (share * (1 - share) / 600) ** 0.5
        assert abs(drawn.count(steps) / 600 - share) < 3.5 * deviation


def test_any_order_takes_mostly_some_steps_and_seldom_two_passes(
    photograph, monkeypatch
):
    seen = []
    for name in ("some_steps", "second_order"):
        monkeypatch.setattr(
            degradations, name, lambda x, s, n, name=name: seen.append(name) or x
        )
    for seed in range(400):
        degradations.any_order(photograph, 4, seed)
    for name, share in {"some_steps": 3 / 4, "second_order": 1 / 8}.items():
        assert abs(seen.count(name) / 400 - share) < 0.065  # three standard deviations


GRAY = np.zeros((8, 8, 1), "float32")
BYTES = np.zeros((8, 8, 3), "uint8")
IMAGE = np.zeros((8, 8, 3), "float32")


@pytest.mark.parametrize("wrong", [GRAY, BYTES, IMAGE[0], IMAGE + 9, IMAGE + np.nan])
@pytest.mark.parametrize("name", [*STEPS, *SCALED])
def test_images_are_checked(name, wrong):
    call = STEPS.get(name) or partial(SCALED[name], scale=2)
    with pytest.raises(ValueError, match=r"Expected `image`.*Received: "):
        call(wrong, seed=0)


@pytest.mark.parametrize("seed", [-1, 0.5, None, "0", True])
@pytest.mark.parametrize("name", [*STEPS, *SCALED])
def test_seeds_are_checked(name, seed):
    call = STEPS.get(name) or partial(SCALED[name], scale=2)
    with pytest.raises(ValueError, match=r"Expected `seed`.*Received: "):
        call(IMAGE, seed=seed)


@pytest.mark.parametrize("name", SCALED)
def test_scales_are_checked(name):
    with pytest.raises(ValueError, match=r"sides 3 divides.*Received: 8 x 8"):
        SCALED[name](IMAGE, 3, 0)
    with pytest.raises(ValueError, match=r"Expected `scale`.*Received: 0.5"):
        SCALED[name](IMAGE, 0.5, 0)


@pytest.mark.parametrize(
    ("function", "wrong"),
    [
        (degradations.gaussian_kernel, {"width": 0}),
        (degradations.gaussian_kernel, {"width": 21}),
        (degradations.gaussian_kernel, {"width": 1, "other": np.nan}),
        (degradations.gaussian_kernel, {"width": 1, "angle": "up"}),
        (degradations.blur, {"kernel": np.ones((3, 3))}),
        (degradations.blur, {"kernel": np.ones((2, 2)) / 4}),
        (degradations.blur, {"kernel": np.ones(1)}),
        (degradations.blur, {"kernel": np.full((1, 1), np.nan)}),
        (degradations.random_blur, {"seed": 0, "widths": (3, 1)}),
        (degradations.random_blur, {"seed": 0, "widths": (0, 1)}),
        (degradations.random_blur, {"seed": 0, "widths": 2}),
        (degradations.random_blur, {"seed": 0, "round_share": 2}),
        (degradations.gaussian_noise, {"seed": 0, "sigma": -1}),
        (degradations.gaussian_noise, {"seed": 0, "sigma": "5"}),
        (degradations.poisson_noise, {"seed": 0, "sigma": 0}),
        (degradations.random_noise, {"seed": 0, "sigmas": (1, 300)}),
        (degradations.random_noise, {"seed": 0, "sigmas": ("1", "5")}),
        (degradations.random_noise, {"seed": 0, "gray_share": -1}),
        (degradations.random_noise, {"seed": 0, "shot_share": True}),
        (degradations.resized, {"size": (0, 4)}),
        (degradations.resized, {"size": 4}),
        (degradations.resized, {"size": (4, 4), "kernel": "cubic"}),
        (degradations.resized, {"size": (4, 4), "kernel": ["box"]}),
        (degradations.random_resized, {"size": (4, 4), "seed": 0, "kernels": ()}),
        (degradations.random_resized, {"size": (4, 4), "seed": 0, "kernels": "box"}),
        (degradations.compressed, {"quality": 0}),
        (degradations.compressed, {"quality": 101}),
        (degradations.compressed, {"quality": 50.0}),
        (degradations.compressed, {"quality": 50, "kind": "PNG"}),
        (degradations.random_compressed, {"seed": 0, "qualities": (0, 50)}),
        (degradations.random_compressed, {"seed": 0, "qualities": (60, 50)}),
        (degradations.random_compressed, {"seed": 0, "webp_share": 1.5}),
        (degradations.partly_clean, {"scale": 2, "seed": 0, "share": 1.1}),
    ],
)
def test_arguments_are_checked(function, wrong):
    image = {} if function is degradations.gaussian_kernel else {"image": IMAGE}
    with pytest.raises(ValueError, match=r"Expected `.*Received: "):
        function(**image, **wrong)
