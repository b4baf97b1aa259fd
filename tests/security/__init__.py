"""What a stranger tries."""
