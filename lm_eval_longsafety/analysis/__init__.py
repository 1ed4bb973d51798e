"""What the numbers say: scores with intervals, paired differences, ranks, how runs differ."""
