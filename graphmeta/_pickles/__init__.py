"""Pickles: where they are decoded, what of them may be, and how large arrays travel with them."""
