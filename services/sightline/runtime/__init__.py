"""Where stages and adapters meet: settings read once, one built `Hub`, and the two ways to run it."""
