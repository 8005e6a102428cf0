"""The ledger: who owns what, decided by plain synchronous code. It knows no task, no link and no clock."""
