"""ISO/IEC identification cards: numbers, names and stripes (7811 to 7813), chip units (7816-4)."""
