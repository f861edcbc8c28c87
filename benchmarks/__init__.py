"""What `make bench` runs: our speed against that of the usual way."""
