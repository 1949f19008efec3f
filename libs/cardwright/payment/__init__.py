"""Payment card verification values, in the networks' common algorithm."""
