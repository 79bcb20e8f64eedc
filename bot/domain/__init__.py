"""The values and rules of incidents, without I/O and without a clock."""
