"""The operator's command `cutover`, and the local stack. Never shipped to Lambda."""
