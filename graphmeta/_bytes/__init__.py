"""Records as bytes and back: typed, checked, and in slices where they are large."""
