"""What stands under lesson 01: from an export's bytes to a table of text."""
