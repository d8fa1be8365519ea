module github.com/goclip/goclip/testdata/oracle

go 1.26
