module github.com/wacloud/wacloud

go 1.26.0
