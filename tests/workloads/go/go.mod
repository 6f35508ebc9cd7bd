module edp.dev/workloads

go 1.21
