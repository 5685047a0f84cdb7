"""Programs of other versions against this one: their client with this gateway, this client with theirs."""
