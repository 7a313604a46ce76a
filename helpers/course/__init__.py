"""What runs the course: the command, runs, the website, workshops, checks."""
