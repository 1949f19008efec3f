"""GlobalPlatform Card Specification 2.3, the host's side: SCP03 (Amendment D) and STORE DATA."""
