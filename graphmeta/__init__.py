"""What the graph is: pure and synchronous records, rules and decisions."""
