"""What mayday knows about incidents: values and rules, without I/O and without a clock."""
