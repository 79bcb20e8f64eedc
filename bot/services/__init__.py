"""What mayday does: each module is one behaviour, over the rows and the ports."""
