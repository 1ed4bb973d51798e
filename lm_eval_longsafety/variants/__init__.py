"""What a variant adds to a document: all rotations of the letters, longer contexts."""
