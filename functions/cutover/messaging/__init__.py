"""Telling people: a plan (``domain.correspondence``) carried out by mail and Slack, and written down."""
