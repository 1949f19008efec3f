"""Access credentials: keys diversified per badge, and the numbers that door controllers expect."""
