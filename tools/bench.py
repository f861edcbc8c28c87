"""Compare our speed with that of the usual way: `make bench`."""

from sr_utils import runtime


def main():
    """Print all comparisons."""
    with runtime.silence():
        from . import comparisons
    runtime.start()
    comparisons.compare_resize()
    comparisons.compare_step("srresnet_x4_bundled")
    comparisons.compare_features()
    comparisons.compare_contest()
    comparisons.compare_litert("srresnet_x4")
    comparisons.compare_upscaling()
    comparisons.compare_training()


if __name__ == "__main__":
    main()
