"""What an auditor does with the log: verify both copies, reconcile stock, export, rebuild."""
