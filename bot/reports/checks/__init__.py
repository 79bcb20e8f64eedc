"""The checks of the lint: one file for each rule, from the prose of a report to findings."""
