"""What views show, made ready without widgets where that is possible."""
