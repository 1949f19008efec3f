"""The local stack: one machine's Postgres, Kafka broker and service processes, with no root needed.

Nothing here is used in a cluster; there, the same services find their broker and database from
configuration.
"""
