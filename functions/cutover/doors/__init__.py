"""The other ways in: events, people's links, streams and the clock."""
