"""What the procedures say, as pure functions over plain values; what differs by area comes in as data."""
