"""The actor that owns the ledger, and what it keeps for those who watch and ask. It knows no link."""
