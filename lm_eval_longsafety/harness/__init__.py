"""What lm-eval calls and what calls it: documents, task classes, filter, discovery, run."""
