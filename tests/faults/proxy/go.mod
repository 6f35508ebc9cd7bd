module edp.dev/tests/faults/proxy

go 1.21
