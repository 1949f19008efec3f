"""ASC X9 TR-34 (X9.139): a symmetric key to a device that has an RSA key and a certificate."""
