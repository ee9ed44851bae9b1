"""The functions that the state machine calls, one folder for each."""
