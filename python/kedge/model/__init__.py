"""Models of other libraries, in the one form that the core scores."""
