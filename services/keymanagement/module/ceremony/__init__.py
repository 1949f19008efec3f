"""Key ceremonies: what custodians approve together, and components that each knows alone."""
