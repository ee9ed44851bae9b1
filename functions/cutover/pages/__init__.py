"""What every page for people shares: the layout, one style sheet, the headers, and text that cannot lie to the eye."""
