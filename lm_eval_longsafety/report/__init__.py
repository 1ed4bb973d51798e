"""One page of safety and capability from what lm-eval wrote."""
