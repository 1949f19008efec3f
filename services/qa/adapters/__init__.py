"""What inspection touches: expected values from the vault, the inspector, the barcode reader."""
