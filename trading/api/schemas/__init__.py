"""What goes over the wire, by noun: names as in ccxt's structures and in the documents that the socket pushes."""
