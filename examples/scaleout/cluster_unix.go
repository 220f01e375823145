//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/wacloud/wacloud/internal/pgcluster"
)

// startCluster starts a PostgreSQL that is gone when stop is called.
func startCluster(ctx context.Context) (dsn string, stop func(), err error) {
	c, err := pgcluster.Start(ctx, true)
	if errors.Is(err, pgcluster.ErrNotInstalled) {
		err = fmt.Errorf("%w; or give one with -postgres, or use -nats", err)
	}
	if err != nil {
		return "", nil, err
	}
	return c.DSN(), func() { _ = c.Close() }, nil
}
