"""The pages of the workspace and the window around them."""
