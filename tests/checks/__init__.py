"""Every rule of every family, each with what it passes, what it holds, and what somebody hostile might give it."""
