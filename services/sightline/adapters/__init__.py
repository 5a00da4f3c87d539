"""One file for each thing outside: stores, engines, key files, the clock. Strangers to the stages and to each other."""
