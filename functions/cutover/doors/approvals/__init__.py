"""The approvals page: looking decides nothing; one form, posted once, decides."""
