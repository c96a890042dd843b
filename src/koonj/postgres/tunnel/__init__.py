"""Reach the server of a target through a bastion: a port of this machine, forwarded by OpenSSH's ssh."""
