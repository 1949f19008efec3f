"""The inspection station: what a finished card shows is compared with what was ordered."""
