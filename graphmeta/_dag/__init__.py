"""The graph with owners, kept acyclic."""
