"""Large bytes of one machine, in memory files beside a link: one end, its words, and both kinds of files."""
