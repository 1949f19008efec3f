"""The front door: opens issuers' requests, applies the rules, makes cards or refusals."""
