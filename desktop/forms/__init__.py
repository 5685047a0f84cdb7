"""The form: one record on the screen, drawn from its definition."""
