module edp.dev/demo

go 1.21
