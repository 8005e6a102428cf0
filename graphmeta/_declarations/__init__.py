"""Units and collections as their authors declare them, and the crawl that describes them."""
