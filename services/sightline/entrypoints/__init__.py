"""Where the world touches the hub: the HTTP API and the command line. Nothing imports these."""
