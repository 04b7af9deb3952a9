"""What tests share: the app and its engine running, servers on loopback, stand-ins."""
