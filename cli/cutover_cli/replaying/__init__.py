"""Decisions made again from what was recorded: Assemble, Verify and Bind by their own code, with effects disabled."""
