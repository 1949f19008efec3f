"""Facts and events on the wire and in the log: the one place where protobuf meets the card."""
