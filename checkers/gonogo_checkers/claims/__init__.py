"""What a text claims: numbers, dates, names, quotations, addresses."""
