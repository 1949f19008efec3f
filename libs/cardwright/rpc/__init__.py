"""gRPC as this house speaks it: rich errors (google.rpc), health, reflection, typed clients."""
