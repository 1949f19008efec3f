"""What tests of the whole line share."""
