module edp.dev/collect/testdata/goserver

go 1.21
