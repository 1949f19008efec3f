"""What the encoding station touches: the vault's sections, the module's scripts, the machines."""
