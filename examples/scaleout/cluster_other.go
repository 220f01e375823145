//go:build !unix

package main

import (
	"context"
	"errors"
)

func startCluster(context.Context) (dsn string, stop func(), err error) {
	return "", nil, errors.New("on this system give a PostgreSQL with -postgres, or use -nats")
}
