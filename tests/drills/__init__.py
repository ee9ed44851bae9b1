"""Drills: what goes wrong with a release, played end to end on the local stack (``make drill``).

What each of them does and how it has to end is data: ``expected.toml``. They lie here and not in the operator's
command, because they move the clock of every function and sign with keys that anybody can make.
"""
