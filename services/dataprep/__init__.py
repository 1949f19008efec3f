"""Data preparation: turns a request into what each station needs to make the card."""
