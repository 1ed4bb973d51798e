"""A recipe and one's own texts -> rows of the benchmark's tasks, and a manifest of their origin."""
