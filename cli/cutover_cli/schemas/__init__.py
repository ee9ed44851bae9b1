"""The published documents as JSON Schemas: which there are, how they are made, and how they are written."""
