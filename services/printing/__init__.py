"""The printing service: merges artwork with sealed card data and drives card printers."""
