"""The published documents, one file for each. JSON Schemas of them are generated into ``docs/schemas``."""
