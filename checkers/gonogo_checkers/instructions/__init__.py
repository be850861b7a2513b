"""What a prompt asks for, as far as it can be verified."""
