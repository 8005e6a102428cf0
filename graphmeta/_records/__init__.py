"""What a graph says of itself: metadata, snapshots and changes, as frozen records, and how one follows from another."""
