"""Training the checkpoints of the course: recipes, and runs that can be stopped."""
