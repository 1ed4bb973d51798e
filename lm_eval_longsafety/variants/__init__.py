"""What a variant adds to a document: all letter orders, longer contexts."""
