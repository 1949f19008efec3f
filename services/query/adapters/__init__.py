"""The query service's edges: its tables, the topic it reads, the gRPC it speaks."""
