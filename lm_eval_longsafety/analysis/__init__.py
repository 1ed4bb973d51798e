"""Statistics over runs: scores with intervals, paired differences, ranks, how runs differ."""
