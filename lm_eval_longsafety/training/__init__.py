"""Training sets as rows for fine-tuning that no trainer needs to cut; there is no training here."""
