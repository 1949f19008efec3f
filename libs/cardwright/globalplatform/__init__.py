"""GlobalPlatform Card Specification 2.3.1, the host's side.

Key diversification, secure channels (SCP02, SCP03), the card manager's commands and answers, and
whole personalization scripts with the check of what the card answered to them.
"""
