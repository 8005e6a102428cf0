"""The demo: a heart's rate from a real electrocardiogram, through real units. Needs the extra ``demo``."""
