"""The runtime that every station shares: inbox, jobs, priorities, outbox, retries."""
