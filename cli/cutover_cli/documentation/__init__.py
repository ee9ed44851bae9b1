"""The parts of the documentation that are made from code and data, so that they cannot go stale."""
