"""Events into files and to other hosts, and back."""
