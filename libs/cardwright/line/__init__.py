"""A whole line on one machine: databases, broker, security module, devices and services."""
