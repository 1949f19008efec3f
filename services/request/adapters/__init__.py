"""What the request service needs of the outside: catalogue, envelopes, photos, its database."""
