"""The issuer's side of the wire: request files, the sealed envelope, the Kafka client.

docs/issuers.md tells the same for issuers who write in another language.
"""
