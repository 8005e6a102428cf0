"""Links: whole frames between two ends, in memory or over one guarded stream, whatever they look like there."""
