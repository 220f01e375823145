module github.com/wacloud/wacloud/benchmarks

go 1.26.0

require github.com/wacloud/wacloud v0.0.0

replace github.com/wacloud/wacloud => ../
