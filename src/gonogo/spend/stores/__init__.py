"""Where a ledger is kept: SQLite, Redis or PostgreSQL, each with the same atomic steps."""
