"""The port to the security module: payment-HSM verbs in batches, its gRPC client, and JOSE."""
