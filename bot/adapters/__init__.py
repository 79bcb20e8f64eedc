"""One module of typed verbs for each outside system; each SDK stands in its own."""
