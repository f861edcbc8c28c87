"""Compare our speed with that of the usual way: `make bench`."""

from sr_utils import runtime


def main():
    """Print all comparisons."""
    with runtime.silence():
        from . import comparisons, training_comparisons
    runtime.start()
    comparisons.compare_resize()
    comparisons.compare_features()
    comparisons.compare_litert("srresnet_x4")
    comparisons.compare_upscaling()
    comparisons.compare_workers()
    training_comparisons.compare_step("srresnet_x4_bundled")
    training_comparisons.compare_srgan()
    training_comparisons.compare_training()


if __name__ == "__main__":
    main()
