"""Values in, one string out."""
