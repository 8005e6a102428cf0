"""Services: decorated methods, what their requests look like, and their published description."""
