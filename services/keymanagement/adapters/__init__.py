"""What key management keeps of its own."""
