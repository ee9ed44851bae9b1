"""What Slack tells: verified, put on a queue, and acknowledged."""
