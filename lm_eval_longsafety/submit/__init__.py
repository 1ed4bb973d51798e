"""Files for leaderboards from a finished run."""
