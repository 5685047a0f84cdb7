"""A city's worth of PCs against a real gateway: how long answers take, and what it costs."""
