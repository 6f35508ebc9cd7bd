"""A real Kubernetes on one Debian machine: control plane on loopback, nodes in namespaces of their own."""
