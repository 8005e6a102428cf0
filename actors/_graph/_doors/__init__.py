"""Where sessions come in: graphs that are opened, served and found."""
