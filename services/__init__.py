"""The services of Cardwright; each has the same inner shape and none imports another."""
