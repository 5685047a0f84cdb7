"""Real processes on a bad line: PCs and the city are killed at random moments, and every acknowledged save is accounted for."""
