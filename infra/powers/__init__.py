"""What a role can be allowed, in words: `infra.grants` says which role is."""
