"""Try it out: a city with its services, a sample ward, and its first morning, all on this PC and all invented."""
